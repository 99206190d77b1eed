-- changes_after
select
    transaction_id::text as transaction_id,
    position,
    at,
    tenant,
    topic,
    kind,
    object_ref,
    object_id,
    payload
from change_log
where (transaction_id, position) > ($1::text::xid8, $2)
    and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
order by transaction_id, position
limit $3
