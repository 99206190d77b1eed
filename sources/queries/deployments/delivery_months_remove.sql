-- delivery_months_remove
delete from delivery_month m
using unnest($2::text[], $3::text[], $4::date[]) as p(component_ref, environment, month)
where m.tenant = $1 and m.component_ref = p.component_ref and m.environment = p.environment and m.month = p.month
