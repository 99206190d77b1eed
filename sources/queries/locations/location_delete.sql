-- location_delete
delete from location
where tenant = $1
    and ref = $2
returning id
