-- delivery_owner_months_write
insert into delivery_owner_month (
    tenant, owner_ref, environment, tier, month, ended, succeeded, failed, recovered, rework, lead_seconds, recovery_seconds,
    is_team_only, guardian_ref
)
select
    $1,
    p.owner_ref,
    p.environment,
    d.tier,
    p.month,
    sum(d.ended),
    sum(d.succeeded),
    sum(d.failed),
    sum(d.recovered),
    sum(d.rework),
    string_agg(d.lead_seconds, '' order by d.day),
    string_agg(d.recovery_seconds, '' order by d.day),
    d.is_team_only,
    d.guardian_ref
from unnest($2::text[], $3::text[], $4::date[]) as p(owner_ref, environment, month)
join delivery_owner_day d on d.tenant = $1
    and d.owner_ref = p.owner_ref
    and d.environment = p.environment
    and d.day >= p.month
    and d.day < (p.month + interval '1 month')::date
group by p.owner_ref, p.environment, p.month, d.tier, d.is_team_only, d.guardian_ref
