-- 30,000 deployments of 200 components over half a year, beside the entities of fill.sql.
do $$
begin
    for month in 7..12 loop
        execute format(
            'create table %I partition of deployment for values from (%L) to (%L)',
            'deployment_2025_' || lpad(month::text, 2, '0'),
            make_timestamptz(2025, month, 1, 0, 0, 0, 'UTC'),
            make_timestamptz(2025, month, 1, 0, 0, 0, 'UTC') + interval '1 month'
        );
    end loop;
end
$$;

insert into deployment (
    id, tenant, created_at, component_ref, owner_ref, environment, tier, commit_sha, committed_at, status, source, source_name,
    source_key, state_at, state_rank, state_hash, started_at, finished_at, is_hotfix, is_incident, is_team_only,
    is_first_of_commit, is_rework
)
select
    (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
        || substr(md5(n::text), 4, 15))::uuid,
    'default',
    at,
    'component:default/component-' || 10100 + n % 200,
    'group:default/group-' || 5000 + n % 200 / 50,
    case when n / 200 % 2 = 0 then 'production' else 'staging' end,
    case when n / 200 % 2 = 0 then 'PRODUCTION' else 'STAGING' end,
    repeat(substr(md5(n::text), 1, 20), 2),
    at - interval '3 hours',
    case when n % 17 = 0 then 'FAILED' else 'SUCCEEDED' end,
    'gitlab',
    'gitlab',
    n::text,
    at,
    7,
    n,
    at,
    at + interval '2 minutes',
    false,
    false,
    false,
    true,
    false
from (select n, timestamptz '2025-07-01Z' + n * interval '529 seconds' as at from generate_series(0, 29999) n) generated;

insert into environment_state (
    tenant, component_ref, environment, tier, latest_at, latest_id, standing_at, standing_id, is_team_only, source, source_name,
    first_at
)
select distinct on (component_ref, environment)
    tenant, component_ref, environment, tier, created_at, id, created_at, id, false, source, source_name, '2025-07-01Z'
from deployment
order by component_ref, environment, created_at desc, id desc;

insert into delivery_day (
    tenant, component_ref, environment, tier, day, owner_ref, ended, succeeded, failed, recovered, rework, lead_seconds,
    recovery_seconds, is_team_only, source, source_name
)
select
    tenant, component_ref, environment, tier, (created_at at time zone 'UTC')::date, owner_ref, count(*),
    count(*) filter (where status = 'SUCCEEDED'), 0, 0, 0, string_agg(float8send(10920), ''), '', false, source, source_name
from deployment
group by tenant, component_ref, environment, tier, (created_at at time zone 'UTC')::date, owner_ref, source, source_name;

insert into delivery_month (
    tenant, component_ref, environment, tier, month, owner_ref, ended, succeeded, failed, recovered, rework, lead_seconds,
    recovery_seconds, is_team_only
)
select
    tenant, component_ref, environment, tier, date_trunc('month', day)::date, owner_ref, sum(ended), sum(succeeded), 0, 0, 0,
    string_agg(lead_seconds, ''), '', false
from delivery_day
group by tenant, component_ref, environment, tier, date_trunc('month', day), owner_ref;

insert into delivery_owner_day (
    tenant, owner_ref, environment, tier, day, ended, succeeded, failed, recovered, rework, lead_seconds, recovery_seconds,
    is_team_only
)
select
    tenant, owner_ref, environment, tier, day, sum(ended), sum(succeeded), sum(failed), sum(recovered), sum(rework),
    string_agg(lead_seconds, ''), string_agg(recovery_seconds, ''), false
from delivery_day
group by tenant, owner_ref, environment, tier, day;

insert into delivery_owner_month (
    tenant, owner_ref, environment, tier, month, ended, succeeded, failed, recovered, rework, lead_seconds, recovery_seconds,
    is_team_only
)
select
    tenant, owner_ref, environment, tier, date_trunc('month', day)::date, sum(ended), sum(succeeded), sum(failed),
    sum(recovered), sum(rework), string_agg(lead_seconds, ''), string_agg(recovery_seconds, ''), false
from delivery_owner_day
group by tenant, owner_ref, environment, tier, date_trunc('month', day);

-- Two hundred teams more that have deployed as much.
insert into delivery_owner_day (
    tenant, owner_ref, environment, tier, day, ended, succeeded, failed, recovered, rework, lead_seconds, recovery_seconds,
    is_team_only
)
select
    tenant, owner_ref || '-' || n, environment, tier, day, ended, succeeded, failed, recovered, rework, lead_seconds,
    recovery_seconds, false
from delivery_owner_day, generate_series(1, 50) n;

insert into delivery_owner_month (
    tenant, owner_ref, environment, tier, month, ended, succeeded, failed, recovered, rework, lead_seconds, recovery_seconds,
    is_team_only
)
select
    tenant, owner_ref || '-' || n, environment, tier, month, ended, succeeded, failed, recovered, rework, lead_seconds,
    recovery_seconds, false
from delivery_owner_month, generate_series(1, 50) n;
