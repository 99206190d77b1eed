-- source_changes_insert
insert into change_log (tenant, topic, kind, object_ref, object_id, payload)
select t.name, 'source', 'UPDATED', c.name, c.id, c.payload
from unnest($1::text[], $2::uuid[], $3::jsonb[]) as c(name, id, payload)
cross join tenant t
