-- lease_check
select true
from sync_lease
where source_name = $1 and holder = $2 and fence = $3
for share
