-- location_declared
select id
from entity
where tenant = $1
    and location_id = (select id from location where tenant = $1 and ref = $2)
    and orphaned_at is null
