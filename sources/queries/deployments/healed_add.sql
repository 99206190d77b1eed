-- healed_add
with old as (
    delete from healed where tenant = $1 and source_name = $2 and hour < now() - interval '25 hours'
)
insert into healed (tenant, source_name, hour, changes)
values ($1, $2, date_trunc('hour', now()), $3)
on conflict (tenant, source_name, hour) do update set changes = healed.changes + excluded.changes
