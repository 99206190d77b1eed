-- sight_delivery_month
update delivery_month m set is_team_only = w.is_team_only, guardian_ref = w.guardian_ref
from unnest($2::text[], $3::boolean[], $4::text[]) as w(component_ref, is_team_only, guardian_ref)
where m.tenant = $1 and m.component_ref = w.component_ref
