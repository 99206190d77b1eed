-- location_read
update location
set last_read_at = $2, last_error = null, refresh_requested_at = null, leased_until = null
where id = $1
