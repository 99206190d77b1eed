-- delivery_days_remove
delete from delivery_day d
using unnest($2::text[], $3::text[], $4::date[]) as p(component_ref, environment, day)
where d.tenant = $1 and d.component_ref = p.component_ref and d.environment = p.environment and d.day = p.day
    and d.source_name = $5
returning d.owner_ref, d.environment, d.day
