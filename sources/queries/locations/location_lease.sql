-- location_lease
update location
set leased_until = now() + make_interval(secs => $1)
where id = (
    select id
    from location
    where next_read_at <= now()
        and (leased_until is null or leased_until < now())
        -- However many a tenant has, it leaves workers to the others. A replica takes one at a time, and another at the
        -- same moment may pass the number by one.
        and tenant not in (
            select tenant
            from location
            where leased_until >= now()
            group by tenant
            having count(*) >= 2
        )
    order by next_read_at
    limit 1
    for update skip locked
)
returning id, tenant, type, target, ref, now() as leased_at
