-- environment_states_write
insert into environment_state (
    tenant, component_ref, environment, source, source_name, tier, url, first_at, latest_at, latest_id, standing_at, standing_id,
    is_team_only, guardian_ref
)
select
    $1, p.component_ref, p.environment, l.source, $4, l.tier, l.environment_url, f.created_at, l.created_at, l.id, s.created_at, s.id,
    l.is_team_only, l.guardian_ref
from unnest($2::text[], $3::text[]) as p(component_ref, environment)
cross join lateral (
    select source, tier, environment_url, created_at, id, is_team_only, guardian_ref
    from deployment
    where tenant = $1 and component_ref = p.component_ref and environment = p.environment and source_name = $4
    order by created_at desc, id desc
    limit 1
) l
cross join lateral (
    select created_at
    from deployment
    where tenant = $1 and component_ref = p.component_ref and environment = p.environment and source_name = $4
    order by created_at, id
    limit 1
) f
left join lateral (
    select created_at, id
    from deployment
    where tenant = $1
        and component_ref = p.component_ref
        and environment = p.environment
        and source_name = $4
        and status = 'SUCCEEDED'
    order by created_at desc, id desc
    limit 1
) s on true
on conflict (tenant, component_ref, environment, source_name) do update set
    tier = excluded.tier,
    url = excluded.url,
    first_at = excluded.first_at,
    latest_at = excluded.latest_at,
    latest_id = excluded.latest_id,
    standing_at = excluded.standing_at,
    standing_id = excluded.standing_id
