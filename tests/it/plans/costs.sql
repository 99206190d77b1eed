-- Charges of 200 components over a year, beside the entities of fill.sql, and sums of two hundred teams more.
do $$
begin
    for month in 1..12 loop
        execute format(
            'create table %I partition of cost_row for values from (%L) to (%L)',
            'cost_row_2025_' || lpad(month::text, 2, '0'),
            make_date(2025, month, 1),
            make_date(2025, month, 1) + interval '1 month'
        );
    end loop;
end
$$;

insert into cost_slice (
    tenant, scope, invoice_issuer, billing_account, period_start, period_end, export_id, row_count, first_day, complete_until,
    sub_accounts, is_invoiced, imported_at
)
select
    'default', '', 'Azure', 'account-1', month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC',
    md5('export')::uuid, 1, month::date, (month + interval '1 month - 1 day')::date, '{sub-1}', true, '2026-01-10Z'
from generate_series(timestamp '2025-01-01', timestamp '2025-12-01', interval '1 month') month;

insert into cost_mix (
    tenant, provider, service, service_category, region, sub_account, charge_category, environment, cluster, namespace
)
select 'default', 'Azure', 'service-' || s, 'Compute', 'region-' || r, 'sub-1', 'Usage', 'production', '', ''
from generate_series(1, 10) s, generate_series(1, 5) r
order by s, r;

insert into cost_target (tenant, kind, ref)
select 'default', 'COMPONENT', 'component:default/component-' || 10100 + n from generate_series(0, 199) n
union all
values ('default', 'SHARED', 'shared'), ('default', 'NONE', '');

insert into cost_key (tenant, id, columns, mix_id, target_id, rule, resource, tags)
select
    'default', md5('key ' || t.id || ' ' || m.id)::uuid, '{}', m.id, t.id, 'component tag', 'resource-' || t.id,
    jsonb_build_object('component', t.ref, 'cost-center', (t.id % 40)::text)
from cost_target t
join cost_mix m on m.id % 25 = t.id % 25;

insert into cost_row (
    slice_id, period, line, day, key_id, starts_at, ends_at, currency, billed_cost, effective_cost, list_cost, contracted_cost
)
select
    s.id, s.first_day, row_number() over (order by day, k.id), day, k.id, day, day + interval '1 day', 'EUR', 1.25, 1.25, 1.5, 1.25
from cost_slice s
cross join lateral generate_series(s.first_day, s.complete_until, interval '1 day') day
cross join cost_key k
order by s.id, day, k.id;

insert into cost_component_day (
    tenant, slice_id, day, owner_ref, target_id, mix_id, currency, billed_cost, effective_cost, list_cost, contracted_cost
)
select
    'default', r.slice_id, r.day, case when t.kind = 'COMPONENT' then 'group:default/group-' || 5000 + t.id % 200 / 50 end,
    k.target_id, k.mix_id, 'EUR', 1.25, 1.25, 1.5, 1.25
from cost_row r
join cost_key k on k.tenant = 'default' and k.id = r.key_id
join cost_target t on t.id = k.target_id
order by r.slice_id, 4, r.day;

insert into cost_service_day (
    tenant, slice_id, day, owner_ref, kind, provider, service, service_category, currency, billed_cost, effective_cost, list_cost,
    contracted_cost
)
select
    'default', c.slice_id, c.day, c.owner_ref || case when n > 0 then '-' || n else '' end,
    case when c.owner_ref is not null then 'OWNED' else 'UNALLOCATED' end, m.provider, m.service, m.service_category, 'EUR',
    sum(c.billed_cost), sum(c.effective_cost), sum(c.list_cost), sum(c.contracted_cost)
from cost_component_day c
join cost_mix m on m.id = c.mix_id
join generate_series(0, 50) n on n = 0 or c.owner_ref is not null
group by c.slice_id, c.day, c.owner_ref, n, m.provider, m.service, m.service_category
order by c.slice_id, 4, c.day;
