-- deployments_before
select d.id, to_jsonb(d) as row
from unnest($1::timestamptz[], $2::uuid[]) as k(created_at, id)
join deployment d on d.created_at = k.created_at and d.id = k.id
