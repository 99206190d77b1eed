-- deliveries_abandon
-- What was begun so often and did not come to an end this time either may be what ends the gateway. What waits for its next attempt came
-- to one: its source is away.
update webhook_delivery set
    state = 'quarantined',
    settled_at = now(),
    claimed_by = null,
    claimed_until = null,
    last_error = coalesce(last_error, 'every attempt ended with the gateway')
where state = 'pending' and attempts >= $1 and claimed_until < now()
returning source
