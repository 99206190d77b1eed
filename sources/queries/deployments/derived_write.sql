-- derived_write
update deployment d set
    previous_id = u.previous_id,
    is_rollback = u.is_rollback,
    is_first_of_commit = u.is_first_of_commit,
    is_rework = u.is_rework,
    remedy_reason = u.remedy_reason,
    remedied_by = u.remedied_by,
    recovery_seconds = u.recovery_seconds
from unnest(
    $1::timestamptz[], $2::uuid[], $3::uuid[], $4::boolean[], $5::boolean[], $6::boolean[], $7::text[], $8::uuid[],
    $9::double precision[]
) as u(
    created_at, id, previous_id, is_rollback, is_first_of_commit, is_rework, remedy_reason, remedied_by,
    recovery_seconds
)
where d.created_at = u.created_at and d.id = u.id
returning d.id, to_jsonb(d) as row
