-- deliveries_quarantine
update webhook_delivery set
    state = 'quarantined',
    settled_at = now(),
    claimed_by = null,
    claimed_until = null,
    last_error = $3
where id = any($1) and claimed_by = $2 and state = 'pending'
