-- locations_last_read
select ref, last_read_at
from location
where tenant = $1
    and ref = any($2)
    and last_read_at is not null
