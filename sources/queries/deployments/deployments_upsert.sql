-- deployments_upsert
insert into deployment (
    id, tenant, created_at, component_ref, owner_ref, environment, environment_url, tier, version, commit_sha,
    committed_at, status, source, source_name, source_key, state_at, state_rank, state_hash, started_at, finished_at,
    triggered_by, url, job_key, is_hotfix, is_incident, is_team_only, guardian_ref
)
select
    r.id, $2, r.created_at, r.component_ref, o.owner_ref, r.environment, r.environment_url, r.tier, r.version,
    r.commit_sha, r.committed_at, r.status, $3, $4, r.source_key, r.state_at, r.state_rank, r.state_hash, r.started_at,
    r.finished_at, r.triggered_by, r.url, r.job_key, r.is_hotfix, r.is_incident,
    coalesce(e.is_team_only, s.is_team_only, false), case when e.ref is null then s.guardian_ref else e.guardian_ref end
from unnest($1::jsonb[]) as input(document)
cross join lateral jsonb_to_record(input.document) as r(
    id uuid, created_at timestamptz, component_ref text, environment text, environment_url text, tier text, version text,
    commit_sha text, committed_at timestamptz, status text, source_key text, state_at timestamptz, state_rank smallint,
    state_hash bigint, started_at timestamptz, finished_at timestamptz, triggered_by text, url text, job_key text,
    is_hotfix boolean, is_incident boolean
)
left join entity e on e.tenant = $2 and e.ref = r.component_ref
-- Who could see a component that is gone: its deployments stay as they were.
left join lateral (
    select is_team_only, guardian_ref
    from environment_state
    where tenant = $2 and component_ref = r.component_ref
    limit 1
) s on true
-- The owner of then; of before the catalog knew the component, its first one.
left join lateral (
    select owner_ref
    from owner_interval
    where tenant = $2 and entity_ref = r.component_ref
    order by
        valid_from <= r.created_at desc,
        case when valid_from <= r.created_at then valid_from end desc,
        valid_from
    limit 1
) o on true
on conflict (created_at, id) do update set
    environment = excluded.environment,
    environment_url = excluded.environment_url,
    tier = excluded.tier,
    version = excluded.version,
    commit_sha = excluded.commit_sha,
    committed_at = excluded.committed_at,
    status = excluded.status,
    state_at = excluded.state_at,
    state_rank = excluded.state_rank,
    state_hash = excluded.state_hash,
    started_at = excluded.started_at,
    finished_at = excluded.finished_at,
    triggered_by = excluded.triggered_by,
    url = excluded.url,
    job_key = excluded.job_key,
    is_hotfix = excluded.is_hotfix,
    is_incident = excluded.is_incident
where (excluded.state_at, excluded.state_rank, excluded.state_hash)
    > (deployment.state_at, deployment.state_rank, deployment.state_hash)
    -- The same state, seen by other rules.
    or (
        excluded.state_hash = deployment.state_hash
        and (excluded.is_hotfix, excluded.is_incident) is distinct from (deployment.is_hotfix, deployment.is_incident)
    )
returning id, to_jsonb(deployment) as row
