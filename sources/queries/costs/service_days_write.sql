-- cost_service_days_write
insert into cost_service_day (
    tenant, slice_id, day, owner_ref, kind, apart_id, provider, service, service_category, currency, billed_cost,
    effective_cost, list_cost, contracted_cost
)
select
    $1,
    c.slice_id,
    c.day,
    c.owner_ref,
    case when c.owner_ref is not null then 'OWNED' when t.kind = 'SHARED' then 'SHARED' else 'UNALLOCATED' end as kind,
    case when t.is_apart then t.id end as apart_id,
    m.provider,
    m.service,
    m.service_category,
    c.currency,
    sum(c.billed_cost),
    sum(c.effective_cost),
    sum(c.list_cost),
    sum(c.contracted_cost)
from cost_component_day c
join cost_target t on t.id = c.target_id
join cost_mix m on m.id = c.mix_id
where c.slice_id = any($2)
group by c.slice_id, c.day, c.owner_ref, kind, apart_id, m.provider, m.service, m.service_category, c.currency
order by c.slice_id, c.owner_ref, c.day
