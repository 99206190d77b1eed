-- facets_insert
insert into entity_facet (tenant, facet, value, entity_id)
select $1, facet, value, entity_id
from unnest($2::text[], $3::text[], $4::uuid[]) as f(facet, value, entity_id)
