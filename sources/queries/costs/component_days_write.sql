-- cost_component_days_write
-- Whoever owned a component when a day began owns its charges of that day; before the catalog knew it, its first owner.
insert into cost_component_day (
    tenant, slice_id, day, owner_ref, target_id, mix_id, currency, billed_cost, effective_cost, list_cost, contracted_cost
)
select
    $1, s.slice_id, s.day, owned.owner_ref, s.target_id, s.mix_id, s.currency, s.billed_cost, s.effective_cost, s.list_cost,
    s.contracted_cost
from (
    select
        r.slice_id,
        r.day,
        k.target_id,
        k.mix_id,
        r.currency,
        sum(r.billed_cost) as billed_cost,
        sum(r.effective_cost) as effective_cost,
        sum(r.list_cost) as list_cost,
        sum(r.contracted_cost) as contracted_cost
    from cost_row r
    join cost_key k on k.tenant = $1 and k.id = r.key_id
    where r.slice_id = any($2) and r.period = any($3)
    group by r.slice_id, r.day, k.target_id, k.mix_id, r.currency
) s
join cost_target t on t.id = s.target_id
cross join lateral (select cost_owner(t.tenant, t.kind, t.ref, s.day) as owner_ref) owned
order by s.slice_id, owned.owner_ref, s.day
