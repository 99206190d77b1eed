-- change_log_astray_drop
with gone as (
    delete from change_log_default
    where ctid = any(array(select ctid from change_log_default where at < $1 limit $2))
    returning transaction_id, position
), newest as (
    select transaction_id, position
    from gone
    order by transaction_id desc, position desc
    limit 1
)
update change_log_state s
set dropped_transaction_id = n.transaction_id, dropped_position = n.position, dropped_when = pg_current_snapshot()
from newest n
where s.dropped_transaction_id is null
    or (n.transaction_id, n.position) > (s.dropped_transaction_id, s.dropped_position)
