-- deliveries_release
update webhook_delivery set claimed_by = null, claimed_until = null, attempts = greatest(attempts - 1, 0)
where claimed_by = $1 and state = 'pending'
