-- owner_intervals_open
insert into owner_interval (tenant, entity_id, entity_ref, owner_ref, valid_from)
select $1, entity_id, entity_ref, owner_ref, $2
from unnest($3::uuid[], $4::text[], $5::text[]) as o(entity_id, entity_ref, owner_ref)
on conflict (entity_id, valid_from) do update set owner_ref = excluded.owner_ref, valid_to = null
