-- delivery_owner_months_remove
delete from delivery_owner_month d
using unnest($2::text[], $3::text[], $4::date[]) as p(owner_ref, environment, month)
where d.tenant = $1 and d.owner_ref = p.owner_ref and d.environment = p.environment and d.month = p.month
