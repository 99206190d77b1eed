-- lease_release
update sync_lease set held_until = clock_timestamp()
where source_name = $1 and holder = $2 and fence = $3
