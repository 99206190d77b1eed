-- Fills the tables of deployments as the ingestion would: 1,000 components of ten teams, half in production and half in staging,
-- over two years. $1 stands in the text for the number of rows.
do $$
declare
    month date := date_trunc('month', now() - interval '25 months');
begin
    while month <= date_trunc('month', now()) loop
        execute format(
            'create table if not exists %I partition of deployment for values from (%L) to (%L)',
            'deployment_' || to_char(month, 'YYYY_MM'),
            month || 'T00:00:00Z',
            (month + interval '1 month')::date || 'T00:00:00Z'
        );
        month := month + interval '1 month';
    end loop;
end
$$;

insert into deployment (
    id, tenant, created_at, component_ref, owner_ref, environment, tier, commit_sha, committed_at, status, source,
    source_name, source_key, state_at, state_rank, state_hash, started_at, finished_at, is_hotfix, is_incident,
    is_team_only, is_first_of_commit, is_rework, remedy_reason, recovery_seconds
)
select
    (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(hash, 1, 3) || '8'
        || substr(hash, 4, 15))::uuid,
    'default',
    at,
    'component:default/project-' || lpad((n % 1000)::text, 5, '0'),
    'group:default/team-' || (n % 1000) / 100,
    case when (n / 1000) % 2 = 0 then 'production' else 'staging' end,
    case when (n / 1000) % 2 = 0 then 'PRODUCTION' else 'STAGING' end,
    substr(hash, 1, 32) || substr(hash, 1, 8),
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
    n % 17 <> 0,
    n % 40 = 0,
    case when n % 17 = 0 then 'FAILED_ROLLOUT' end,
    case when n % 17 = 0 then 1800 end
from (
    select
        n,
        date_trunc('milliseconds', now() - interval '1 hour' - (interval '730 days' * (n::float8 / $1))) as at,
        md5(n::text) as hash
    from generate_series(0, $1 - 1) as n
) as generated;

insert into environment_state (
    tenant, component_ref, environment, tier, latest_at, latest_id, standing_at, standing_id, is_team_only,
    source, source_name, first_at
)
select distinct on (component_ref, environment)
    tenant, component_ref, environment, tier, created_at, id, created_at, id, false, source,
    source_name, now() - interval '3 years'
from deployment
order by component_ref, environment, created_at desc, id desc;

insert into delivery_day (
    tenant, component_ref, environment, tier, day, owner_ref, ended, succeeded, failed, recovered, rework, lead_seconds,
    recovery_seconds, is_team_only, source, source_name
)
select
    tenant, component_ref, environment, tier, (created_at at time zone 'UTC')::date, owner_ref, count(*),
    count(*) filter (where status = 'SUCCEEDED'), count(remedy_reason), count(remedy_reason), count(*) filter (where is_rework),
    coalesce(string_agg(float8send(10920 + random() * 1000), '') filter (where is_first_of_commit), ''),
    coalesce(string_agg(float8send(recovery_seconds), '') filter (where recovery_seconds is not null), ''), false, source, source_name
from deployment
group by tenant, component_ref, environment, tier, (created_at at time zone 'UTC')::date, owner_ref, source, source_name;

insert into delivery_month (
    tenant, component_ref, environment, tier, month, owner_ref, ended, succeeded, failed, recovered, rework, lead_seconds,
    recovery_seconds, is_team_only
)
select
    tenant, component_ref, environment, tier, date_trunc('month', day)::date, owner_ref, sum(ended), sum(succeeded), sum(failed),
    sum(recovered), sum(rework), string_agg(lead_seconds, ''), string_agg(recovery_seconds, ''), false
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

analyze deployment, environment_state, delivery_day, delivery_month, delivery_owner_day, delivery_owner_month;
