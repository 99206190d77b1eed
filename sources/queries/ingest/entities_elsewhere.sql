-- entities_elsewhere
select
    e.ref,
    e.id,
    e.orphaned_at is not null
        or e.location_id is null and not exists (select 1 from location o where o.tenant = e.tenant and o.ref = e.ref)
        as is_free,
    e.is_team_only,
    e.guardian_ref,
    coalesce(l.target, '') as location,
    coalesce(e.target, '') as target,
    e.line
from entity e
left join location l on l.id = e.location_id
where e.tenant = $1
    and e.ref = any($2)
