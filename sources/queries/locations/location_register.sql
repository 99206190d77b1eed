-- location_register
insert into location (id, tenant, type, target, ref, registered_by, next_read_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing
returning id
