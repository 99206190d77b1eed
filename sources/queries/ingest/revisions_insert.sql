-- revisions_insert
insert into entity_revision (tenant, entity_id, at, kind, actor, changes)
select $1, entity_id, $2, kind, $3, changes
from unnest($4::uuid[], $5::text[], $6::jsonb[]) as r(entity_id, kind, changes)
