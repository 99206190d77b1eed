-- sight_delivery_day
update delivery_day d set is_team_only = w.is_team_only, guardian_ref = w.guardian_ref
from unnest($2::text[], $3::boolean[], $4::text[]) as w(component_ref, is_team_only, guardian_ref)
where d.tenant = $1 and d.component_ref = w.component_ref
returning d.owner_ref, d.environment, d.day
