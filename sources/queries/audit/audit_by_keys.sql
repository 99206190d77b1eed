-- audit_by_keys
select
    id, position, at, subject, action, target, decision, error_code, operation_name,
    document_hash, variables_fingerprint, cost, request_id, hash, previous_hash
from audit_log
where tenant = $1
    and id = any($2)
