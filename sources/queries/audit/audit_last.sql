-- audit_last
select position, hash
from audit_log
where tenant = $1
order by position desc
limit 1
