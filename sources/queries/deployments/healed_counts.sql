-- healed_counts
select source_name, sum(changes)::bigint as changes
from healed
where tenant = $1 and hour > now() - interval '24 hours'
group by source_name
