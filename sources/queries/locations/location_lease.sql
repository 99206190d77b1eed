-- location_lease
update location
set leased_until = now() + make_interval(secs => $1)
where id = (
    select id
    from location
    where next_read_at <= now()
        and (leased_until is null or leased_until < now())
    order by next_read_at
    limit 1
    for update skip locked
)
returning id, tenant, type, target, ref, now() as leased_at
