-- cost_keys_take_over
-- What many charges have in common, each once; what is there already stays as it is.
with fresh as (
    select distinct on (s.id) s.*
    from cost_key_staged s
    where not exists (select from cost_key k where k.tenant = $1 and k.id = s.id)
    order by s.id
)
insert into cost_key (tenant, id, columns, mix_id, target_id, rule, resource, tags)
select $1, f.id, f.columns, m.id, t.id, f.rule, f.resource, f.tags
from fresh f
join cost_mix m on m.tenant = $1
    and m.provider = f.provider
    and m.service = f.service
    and m.service_category = f.service_category
    and m.region = f.region
    and m.sub_account = f.sub_account
    and m.charge_category = f.charge_category
    and m.environment = f.environment
    and m.cluster = f.cluster
    and m.namespace = f.namespace
join cost_target t on t.tenant = $1 and t.kind = f.target_kind and t.ref = f.target_ref
on conflict do nothing
