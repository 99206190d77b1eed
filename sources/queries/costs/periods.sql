-- cost_periods
-- A row for each issuer and billing period; complete until the day that the slowest of its accounts is. Who may
-- not see everybody's cost is told those that hold some of theirs, without what was theirs and is now for another team only.
select
    s.invoice_issuer,
    s.period_start,
    max(s.period_end) as period_end,
    max(s.imported_at) as imported_at,
    bool_and(s.is_invoiced) as is_invoiced,
    min(l.complete_until) as complete_until
from cost_slice s
cross join lateral (
    select max(n.complete_until) as complete_until
    from cost_slice n
    where n.tenant = $1
        and n.scope = s.scope
        and n.invoice_issuer = s.invoice_issuer
        and n.billing_account = s.billing_account
) l
where s.tenant = $1
    and s.first_day <= $3
    and s.period_end > $2::timestamp at time zone 'UTC'
    and ($4 or exists (
        select
        from cost_owner_month o
        left join cost_target t on t.id = o.apart_id
        left join entity e on e.tenant = $1 and e.ref = t.ref
        where o.slice_id = s.id
            and o.owner_ref = any(visible_guardians($1, $5))
            and (o.apart_id is null or not e.is_team_only or e.guardian_ref = any(visible_guardians($1, $5)))
    ))
group by s.invoice_issuer, s.period_start
order by s.period_start, s.invoice_issuer
