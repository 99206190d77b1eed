-- cost_slices_met
-- Slices of the same subscriptions and days: those of queries, or those of files. Where a slice has more sub-accounts than are kept,
-- any may be among them.
select distinct s.id, s.scope, s.period_start
from jsonb_to_recordset($2) as n(period_start timestamptz, period_end timestamptz, subscriptions jsonb)
join cost_slice s on s.tenant = $1
    and s.period_start < n.period_end
    and s.period_end > n.period_start
join cost_export e on e.id = s.export_id
where (e.basis = 'AZURE_QUERY') = $3
    and (
        jsonb_typeof(n.subscriptions) is distinct from 'array'
        or cardinality(s.sub_accounts) >= $4
        or exists (
            select
            from unnest(s.sub_accounts) as a(name)
            where n.subscriptions ? regexp_replace(lower(a.name), '^/*subscriptions/', '')
        )
    )
