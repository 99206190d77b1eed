-- cost_slices_before
-- The slices whose place these take.
select s.id, coalesce(s.number, s.id) as number, s.period_start, s.invoice_issuer, s.billing_account, s.sub_accounts
from unnest($3::timestamptz[], $4::text[], $5::text[]) as n(period_start, invoice_issuer, billing_account)
join cost_slice s on s.tenant = $1
    and s.scope = $2
    and s.invoice_issuer = n.invoice_issuer
    and s.billing_account = n.billing_account
    and s.period_start = n.period_start
