-- location_read
update location
set last_read_at = $2, last_error = null
where id = $1
