-- cost_targets_take_over
-- A component that not everybody may see stands apart from the first.
insert into cost_target (tenant, kind, ref, is_apart)
select $1, s.target_kind, s.target_ref, coalesce(e.is_team_only, false)
from (select distinct target_kind, target_ref from cost_key_staged) s
left join entity e on e.tenant = $1 and s.target_kind = 'COMPONENT' and e.ref = s.target_ref
on conflict do nothing
