-- places_window
-- From the last success before the first change on, else all: what is older follows from nothing that changed.
select
    p.place::integer as place,
    d.id,
    d.created_at,
    d.status,
    d.artifact,
    d.commit_sha is not null as has_commit,
    d.finished_at,
    d.is_hotfix,
    d.is_incident,
    d.previous_id,
    d.is_rollback,
    d.is_first_of_commit,
    d.is_rework,
    d.remedy_reason,
    d.remedied_by,
    d.recovery_seconds
from unnest($2::text[], $3::text[], $4::timestamptz[], $5::uuid[])
    with ordinality as p(component_ref, environment, created_at, id, place)
left join lateral (
    select created_at, id
    from deployment
    where tenant = $1
        and component_ref = p.component_ref
        and environment = p.environment
        and status = 'SUCCEEDED'
        and source_name = $6
        and created_at <= p.created_at
        and (created_at, id) < (p.created_at, p.id)
    order by created_at desc, id desc
    limit 1
) s on true
cross join lateral (
    select *
    from deployment
    where tenant = $1
        and component_ref = p.component_ref
        and environment = p.environment
        and source_name = $6
        and created_at >= coalesce(s.created_at, '-infinity')
        and (s.id is null or (created_at, id) >= (s.created_at, s.id))
) d
order by p.place, d.created_at, d.id
