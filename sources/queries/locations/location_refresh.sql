-- location_refresh
update location l
set refresh_requested_at = $3, next_read_at = $3
where l.tenant = $1
    and l.type <> 'import'
    and (l.ref = $2 or l.id = (select e.location_id from entity e where e.tenant = $1 and e.ref = $2))
returning l.id
