-- cost_component_months_write
insert into cost_component_month (
    tenant, slice_id, day, owner_ref, target_id, mix_id, currency, billed_cost, effective_cost, list_cost, contracted_cost
)
select
    tenant, slice_id, date_trunc('month', day)::date, owner_ref, target_id, mix_id, currency, sum(billed_cost), sum(effective_cost),
    sum(list_cost), sum(contracted_cost)
from cost_component_day
where slice_id = any($1)
group by tenant, slice_id, date_trunc('month', day), owner_ref, target_id, mix_id, currency
order by slice_id, owner_ref
