-- deliveries_retry
-- An attempt that could not begin is none.
update webhook_delivery set
    next_attempt_at = now() + $3 * interval '1 millisecond',
    claimed_by = null,
    claimed_until = null,
    attempts = attempts - case when $5 then 0 else 1 end,
    last_error = coalesce($4, last_error)
where id = any($1) and claimed_by = $2 and state = 'pending'
