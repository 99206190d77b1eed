-- delivery_days_write
insert into delivery_day (
    tenant, component_ref, environment, tier, day, owner_ref, ended, succeeded, failed, recovered, rework, lead_seconds,
    recovery_seconds, is_team_only, guardian_ref, source, source_name
)
select
    $1,
    p.component_ref,
    p.environment,
    d.tier,
    p.day,
    d.owner_ref,
    count(*),
    count(*) filter (where d.status = 'SUCCEEDED'),
    count(*) filter (where d.remedy_reason is not null),
    count(*) filter (where d.remedied_by is not null),
    count(*) filter (where d.is_rework),
    coalesce(
        string_agg(
            float8send(greatest(extract(epoch from coalesce(d.finished_at, d.created_at) - d.committed_at), 0)::float8),
            ''
        ) filter (where d.is_first_of_commit and d.committed_at is not null),
        ''
    ),
    coalesce(string_agg(float8send(d.recovery_seconds), '') filter (where d.recovery_seconds is not null), ''),
    d.is_team_only,
    d.guardian_ref,
    d.source,
    d.source_name
from unnest($2::text[], $3::text[], $4::date[]) as p(component_ref, environment, day)
cross join lateral (
    select *
    from deployment
    where tenant = $1
        and component_ref = p.component_ref
        and environment = p.environment
        and source_name = $5
        and status in ('SUCCEEDED', 'FAILED')
        and created_at >= p.day::timestamp at time zone 'UTC'
        and created_at < (p.day + 1)::timestamp at time zone 'UTC'
    order by created_at, id
) d
group by
    p.component_ref, p.environment, p.day, d.tier, d.owner_ref, d.is_team_only, d.guardian_ref, d.source, d.source_name
returning owner_ref, environment, day
