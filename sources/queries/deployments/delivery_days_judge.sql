-- delivery_days_judge
-- Where several systems report a place the first that has not fallen silent counts. Answers the days that count now or no longer do.
with places as (
    select distinct component_ref, environment
    from unnest($2::text[], $3::text[]) as p(component_ref, environment)
), shared as (
    select p.*
    from places p
    where (
        select count(*) > 1
        from environment_state s
        where s.tenant = $1 and s.component_ref = p.component_ref and s.environment = p.environment
    ) or exists (
        select
        from delivery_day d
        where d.tenant = $1 and d.component_ref = p.component_ref and d.environment = p.environment and not d.counts
    )
), judged as (
    select
        d.ctid,
        not exists (
            select
            from environment_state s
            where s.tenant = d.tenant
                and s.component_ref = d.component_ref
                and s.environment = d.environment
                and s.source_rank < d.source_rank
                and s.first_at < (d.day + 1)::timestamp at time zone 'UTC'
                and s.latest_at >= (d.day - $4::integer)::timestamp at time zone 'UTC'
        ) as counts
    from shared p
    join delivery_day d on d.tenant = $1 and d.component_ref = p.component_ref and d.environment = p.environment
)
update delivery_day d set counts = j.counts
from judged j
where d.ctid = j.ctid and d.counts <> j.counts
returning d.component_ref, d.environment, d.day, d.owner_ref
