-- changes_insert
insert into change_log (tenant, topic, kind, object_ref, object_id, payload)
select $1, $6, kind, object_ref, object_id, payload
from unnest($2::text[], $3::text[], $4::uuid[], $5::jsonb[]) as c(kind, object_ref, object_id, payload)
