-- delivery_owner_days_write
insert into delivery_owner_day (
    tenant, owner_ref, environment, tier, day, ended, succeeded, failed, recovered, rework, lead_seconds, recovery_seconds,
    is_team_only, guardian_ref
)
select
    $1,
    p.owner_ref,
    p.environment,
    d.tier,
    p.day,
    sum(d.ended),
    sum(d.succeeded),
    sum(d.failed),
    sum(d.recovered),
    sum(d.rework),
    string_agg(d.lead_seconds, '' order by d.component_ref, d.source_name),
    string_agg(d.recovery_seconds, '' order by d.component_ref, d.source_name),
    d.is_team_only,
    d.guardian_ref
from unnest($2::text[], $3::text[], $4::date[]) as p(owner_ref, environment, day)
join delivery_day d on d.tenant = $1
    and d.owner_ref = p.owner_ref
    and d.environment = p.environment
    and d.day = p.day
    and d.counts
group by p.owner_ref, p.environment, p.day, d.tier, d.is_team_only, d.guardian_ref
