-- Counts and facets over a whole kind look at visibility alone: from this index, without the rows.
create index entity_counted on entity (tenant, kind_key) include (id, is_team_only, guardian_ref);
