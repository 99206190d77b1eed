create table entity_facet (
    tenant text collate "C" not null,
    facet text collate "C" not null,
    value text collate "C" not null,
    entity_id uuid not null references entity (id) on delete cascade,
    primary key (tenant, facet, value, entity_id)
);
create index entity_facet_entity on entity_facet (entity_id);
comment on table entity_facet is 'Values that entities are filtered and counted by, so that no filter or count reads entity bodies.';
comment on column entity_facet.facet is 'kind, namespace, type, lifecycle, owner, system, tag, label, annotation, label-key or annotation-key.';
comment on column entity_facet.value is 'The value; for label and annotation key=value. Longer ones are cut to 512 characters.';
