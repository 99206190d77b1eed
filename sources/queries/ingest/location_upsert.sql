-- location_upsert
insert into location (id, tenant, type, target, registered_by)
values ($1, $2, $3, $4, $5)
on conflict (tenant, type, target) do update set target = excluded.target
returning id
