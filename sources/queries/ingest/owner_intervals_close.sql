-- owner_intervals_close
update owner_interval
set valid_to = $2
where entity_id = any($1)
    and valid_to is null
