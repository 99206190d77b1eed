-- location_settle
update location
set
    next_read_at = case when refresh_requested_at > $3 then now() else now() + make_interval(secs => $2) end,
    leased_until = null,
    last_error = $4
where id = $1
