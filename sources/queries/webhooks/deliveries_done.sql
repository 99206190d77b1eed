-- deliveries_done
update webhook_delivery set
    state = 'done',
    settled_at = now(),
    claimed_by = null,
    claimed_until = null,
    last_error = null
where id = any($1) and claimed_by = $2 and state = 'pending'
