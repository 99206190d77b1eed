-- facets_delete
delete from entity_facet
where entity_id = any($1)
