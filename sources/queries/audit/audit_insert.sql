-- audit_insert
insert into audit_log (
    id, tenant, position, at, subject, action, target, decision, error_code, operation_name,
    document_hash, variables_fingerprint, cost, request_id, hash, previous_hash
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
