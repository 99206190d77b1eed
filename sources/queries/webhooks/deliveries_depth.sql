-- deliveries_depth
-- Each state by its own index: those that are done are many.
select
    source,
    sum(pending)::bigint as pending,
    sum(quarantined)::bigint as quarantined,
    coalesce(extract(epoch from now() - min(oldest)), 0)::float8 as oldest_seconds
from (
    select source, count(*) as pending, 0::bigint as quarantined, min(received_at) as oldest
    from webhook_delivery
    where state = 'pending'
    group by source
    union all
    select source, 0, count(*), null
    from webhook_delivery
    where state = 'quarantined'
    group by source
) as counted
group by source
