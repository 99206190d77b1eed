-- tenant_room
select count(*)
from entity
where tenant = $1
    and (location_id is distinct from $2 or orphaned_at is not null)
