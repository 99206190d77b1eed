-- deliveries_replay
update webhook_delivery set state = 'pending', attempts = 0, next_attempt_at = now(), settled_at = null
where state = 'quarantined' and ($1::uuid[] is null or id = any($1))
