-- deliveries_forget
-- Those that are past their time, and the oldest of more than are kept.
delete from webhook_delivery
where id = any(array(
    (select id
    from webhook_delivery
    where state = $1 and settled_at < now() - $2 * interval '1 millisecond'
    order by settled_at
    limit $4)
    union all
    (select id
    from webhook_delivery
    where state = $1
    order by settled_at desc
    offset $3
    limit $4)
))
