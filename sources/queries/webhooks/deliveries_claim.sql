-- deliveries_claim
with due as (
    select d.id, d.source, d.object_key, d.next_attempt_at
    from webhook_delivery d
    where d.state = 'pending'
        and d.next_attempt_at <= now()
        and (d.claimed_until is null or d.claimed_until < now())
        and not exists (
            select
            from webhook_delivery other
            where other.state = 'pending'
                and other.source = d.source
                and other.object_key = d.object_key
                and other.claimed_until >= now()
        )
    order by d.next_attempt_at
    limit $2
    for update of d skip locked
),
chosen as (
    select source, object_key
    from due
    group by source, object_key
    order by min(next_attempt_at)
    limit $1
)
update webhook_delivery d set
    claimed_by = $3,
    claimed_until = now() + $4 * interval '1 millisecond',
    attempts = d.attempts + 1
from due
join chosen using (source, object_key)
where d.id = due.id
returning d.id, d.source, d.object_key, d.hint, d.received_at, d.attempts
