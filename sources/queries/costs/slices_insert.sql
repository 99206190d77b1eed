-- cost_slices_insert
insert into cost_slice (
    id, tenant, scope, export_id, imported_at, invoice_issuer, billing_account, period_start, period_end, row_count, first_day,
    complete_until, sub_accounts, is_invoiced, number
)
overriding system value
select
    s.id, $1, $2, $3, $4, s.invoice_issuer, s.billing_account, s.period_start, s.period_end, s.row_count, s.first_day,
    s.complete_until, array(select jsonb_array_elements_text(s.sub_accounts)), s.is_invoiced, s.number
from jsonb_to_recordset($5) as s(
    id bigint, invoice_issuer text, billing_account text, period_start timestamptz, period_end timestamptz, row_count bigint,
    first_day date, complete_until date, sub_accounts jsonb, is_invoiced boolean, number bigint
)
