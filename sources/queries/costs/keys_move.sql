-- cost_keys_move
-- Moves the staged keys, lets those components stand apart that not everybody may see, and tells which slices are touched.
with moved as (
    update cost_key k set mix_id = m.id, target_id = t.id, rule = s.rule
    from cost_key_staged s
    join cost_mix m on m.tenant = $1
        and m.provider = s.provider
        and m.service = s.service
        and m.service_category = s.service_category
        and m.region = s.region
        and m.sub_account = s.sub_account
        and m.charge_category = s.charge_category
        and m.environment = s.environment
        and m.cluster = s.cluster
        and m.namespace = s.namespace
    join cost_target t on t.tenant = $1 and t.kind = s.target_kind and t.ref = s.target_ref
    where k.tenant = $1 and k.id = s.id
    returning k.id
), flipped as (
    update cost_target t set is_apart = e.is_team_only
    from entity e
    where t.tenant = $1 and t.kind = 'COMPONENT' and e.tenant = $1 and e.ref = t.ref and t.is_apart <> e.is_team_only
    returning t.id
)
select s.id, date_trunc('month', s.period_start at time zone 'UTC')::date
from cost_slice s
where s.tenant = $1
    and (
        exists (select from cost_row r join moved on moved.id = r.key_id where r.slice_id = s.id)
        or exists (select from cost_component_month c join flipped on flipped.id = c.target_id where c.slice_id = s.id)
    )
order by s.id
