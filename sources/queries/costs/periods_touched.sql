-- cost_periods_touched
select
    invoice_issuer,
    period_start,
    max(period_end) as period_end,
    max(imported_at) as imported_at,
    bool_and(is_invoiced) as is_invoiced
from cost_slice
where tenant = $1
    and period_start = any($2)
group by invoice_issuer, period_start
