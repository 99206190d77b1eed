-- revisions_insert
insert into entity_revision (tenant, entity_id, at, kind, actor, changes, guardians)
select $1, entity_id, $2, kind, $3, changes, array(select jsonb_array_elements_text(guardians))
from unnest($4::uuid[], $5::text[], $6::jsonb[], $7::jsonb[]) as r(entity_id, kind, changes, guardians)
