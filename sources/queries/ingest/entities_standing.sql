-- entities_standing
select ref, id, content_hash, target, orphaned_at is not null as is_orphan
from entity
where tenant = $1
    and location_id = $2
