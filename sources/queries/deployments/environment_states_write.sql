-- environment_states_write
insert into environment_state (
    tenant, component_ref, environment, tier, url, latest_at, latest_id, standing_at, standing_id, is_team_only,
    guardian_ref
)
select
    $1, p.component_ref, p.environment, l.tier, l.environment_url, l.created_at, l.id, s.created_at, s.id,
    l.is_team_only, l.guardian_ref
from unnest($2::text[], $3::text[]) as p(component_ref, environment)
cross join lateral (
    select tier, environment_url, created_at, id, is_team_only, guardian_ref
    from deployment
    where tenant = $1 and component_ref = p.component_ref and environment = p.environment
    order by created_at desc, id desc
    limit 1
) l
left join lateral (
    select created_at, id
    from deployment
    where tenant = $1 and component_ref = p.component_ref and environment = p.environment and status = 'SUCCEEDED'
    order by created_at desc, id desc
    limit 1
) s on true
on conflict (tenant, component_ref, environment) do update set
    tier = excluded.tier,
    url = excluded.url,
    latest_at = excluded.latest_at,
    latest_id = excluded.latest_id,
    standing_at = excluded.standing_at,
    standing_id = excluded.standing_id
