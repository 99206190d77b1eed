-- One index for each order offered, with and without the kind: a page is read from it, never sorted.
-- Ties stand in the order of references in both directions, so each direction needs an index of its own.
create index entity_kind_ref on entity (tenant, kind_key, ref);
create index entity_name_asc on entity (tenant, sort_name, ref);
create index entity_name_desc on entity (tenant, sort_name desc, ref);
create index entity_kind_name_asc on entity (tenant, kind_key, sort_name, ref);
create index entity_kind_name_desc on entity (tenant, kind_key, sort_name desc, ref);
create index entity_updated_asc on entity (tenant, updated_at, ref);
create index entity_updated_desc on entity (tenant, updated_at desc, ref);
create index entity_kind_updated_asc on entity (tenant, kind_key, updated_at, ref);
create index entity_kind_updated_desc on entity (tenant, kind_key, updated_at desc, ref);
create index entity_created_asc on entity (tenant, created_at, ref);
create index entity_created_desc on entity (tenant, created_at desc, ref);
create index entity_kind_created_asc on entity (tenant, kind_key, created_at, ref);
create index entity_kind_created_desc on entity (tenant, kind_key, created_at desc, ref);
-- What filters and lookups start from.
create index entity_owner on entity (tenant, owner_ref, ref);
create index entity_system on entity (tenant, system_ref, ref) where system_ref is not null;
create index entity_location on entity (location_id);
create index entity_orphaned on entity (tenant, orphaned_at) where orphaned_at is not null;
create index entity_search_words on entity using gin (search);
