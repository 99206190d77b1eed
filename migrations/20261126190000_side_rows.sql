-- An entity has dozens of rows in these two tables, all written by the import that writes the entity, in the same
-- transaction. A foreign key looks each of them up and locks the entity anew: a large part of an import's time, for what is
-- known anyway. That they go with their entity stays Postgres' work, once for each statement.
alter table relation drop constraint relation_origin_id_fkey;
alter table entity_facet drop constraint entity_facet_entity_id_fkey;

create function remove_side_rows() returns trigger
language plpgsql
as $$
declare
    -- As a list, so that the indexes are used whatever Postgres thinks of the number.
    ids uuid[] := array(select id from gone);
begin
    delete from relation where origin_id = any(ids);
    delete from entity_facet where entity_id = any(ids);
    return null;
end
$$;
comment on function remove_side_rows is 'Relations and facets go with the entity that declares them.';

create trigger entity_side_rows after delete on entity
referencing old table as gone
for each statement execute function remove_side_rows();
