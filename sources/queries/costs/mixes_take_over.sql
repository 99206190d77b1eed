-- cost_mixes_take_over
insert into cost_mix (
    tenant, provider, service, service_category, region, sub_account, charge_category, environment, cluster, namespace
)
select distinct
    $1, provider, service, service_category, region, sub_account, charge_category, environment, cluster, namespace
from cost_key_staged
on conflict do nothing
