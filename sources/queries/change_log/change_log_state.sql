-- change_log_state
select
    epoch,
    signing_key,
    dropped_transaction_id::text as dropped_transaction_id,
    dropped_position,
    dropped_when::text as dropped_when
from change_log_state
