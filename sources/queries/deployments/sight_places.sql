-- sight_places
-- A row for each component whose deployments are not seen by whom it is seen by.
select distinct w.component_ref, w.is_team_only, w.guardian_ref
from unnest($2::text[], $3::boolean[], $4::text[]) as w(component_ref, is_team_only, guardian_ref)
join environment_state s on s.tenant = $1 and s.component_ref = w.component_ref
where s.is_team_only <> w.is_team_only or s.guardian_ref is distinct from w.guardian_ref
