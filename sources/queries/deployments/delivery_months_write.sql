-- delivery_months_write
insert into delivery_month (
    tenant, component_ref, environment, tier, month, owner_ref, ended, succeeded, failed, recovered, rework, lead_seconds,
    recovery_seconds, is_team_only, guardian_ref
)
select
    $1,
    p.component_ref,
    p.environment,
    d.tier,
    p.month,
    d.owner_ref,
    sum(d.ended),
    sum(d.succeeded),
    sum(d.failed),
    sum(d.recovered),
    sum(d.rework),
    string_agg(d.lead_seconds, '' order by d.day, d.source_name),
    string_agg(d.recovery_seconds, '' order by d.day, d.source_name),
    d.is_team_only,
    d.guardian_ref
from unnest($2::text[], $3::text[], $4::date[]) as p(component_ref, environment, month)
join delivery_day d on d.tenant = $1
    and d.component_ref = p.component_ref
    and d.environment = p.environment
    and d.day >= p.month
    and d.day < (p.month + interval '1 month')::date
    and d.counts
group by p.component_ref, p.environment, p.month, d.tier, d.owner_ref, d.is_team_only, d.guardian_ref
