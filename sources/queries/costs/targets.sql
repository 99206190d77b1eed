-- cost_targets
select ref, kind_key = 'component', annotations ->> $2, annotations ->> $3, annotations ->> $4
from entity
where tenant = $1 and kind_key in ('component', 'group')
