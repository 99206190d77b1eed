-- deliveries_quarantined
select id, source, kind, object_key, received_at, settled_at, attempts, last_error
from webhook_delivery
where state = 'quarantined'
order by settled_at desc, id
limit $1
