-- cost_owner_days_write
insert into cost_owner_day (
    tenant, slice_id, day, owner_ref, kind, apart_id, currency, billed_cost, effective_cost, list_cost, contracted_cost
)
select
    tenant, slice_id, day, owner_ref, kind, apart_id, currency, sum(billed_cost), sum(effective_cost), sum(list_cost),
    sum(contracted_cost)
from cost_service_day
where slice_id = any($1)
group by tenant, slice_id, day, owner_ref, kind, apart_id, currency
order by slice_id, owner_ref, day
