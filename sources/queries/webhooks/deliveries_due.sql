-- deliveries_due
select exists (
    select
    from webhook_delivery
    where state = 'pending'
        and next_attempt_at <= now()
        and (claimed_until is null or claimed_until < now())
)
