-- orphans_expired
select id, ref, is_team_only, guardian_ref
from entity
where tenant = $1
    and orphaned_at < $2
order by orphaned_at
limit $3
