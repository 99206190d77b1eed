-- deliveries_abandon
-- What was begun so often and never came to an end may be what ends the gateway.
update webhook_delivery set
    state = 'quarantined',
    settled_at = now(),
    claimed_by = null,
    claimed_until = null,
    last_error = coalesce(last_error, 'every attempt ended with the gateway')
where state = 'pending' and attempts >= $1 and (claimed_until is null or claimed_until < now())
returning source
