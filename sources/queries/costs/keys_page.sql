-- cost_keys_page
select k.id, k.columns, t.kind as target_kind, t.ref as target_ref, k.rule, m.environment, m.cluster, m.namespace,
    t.is_apart
from cost_key k
join cost_target t on t.id = k.target_id
join cost_mix m on m.id = k.mix_id
where k.tenant = $1 and k.id > $2
order by k.id
limit $3
