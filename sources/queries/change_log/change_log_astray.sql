-- change_log_astray
-- What no partition took, by day; the newest first, as those are written to.
select
    (at at time zone 'UTC')::date as day,
    count(*) as lines
from change_log_default
group by 1
order by 1 desc
limit $1
