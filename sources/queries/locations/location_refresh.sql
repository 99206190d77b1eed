-- location_refresh
-- What was discovered is looked at again by whoever discovers.
with found as (
    select l.id, l.type, l.target
    from location l
    where l.tenant = $1
        and l.type <> 'import'
        and (l.ref = $2 or l.id = (select e.location_id from entity e where e.tenant = $1 and e.ref = $2))
), discovered as (
    update discovered_project p set look_at = $3, content_hash = null, blob_id = null
    from found f
    where f.type = 'gitlab' and p.tenant = $1 and p.location = f.target
), registered as (
    update location l set refresh_requested_at = $3, next_read_at = $3
    from found f
    where f.type <> 'gitlab' and l.id = f.id
)
select id from found
