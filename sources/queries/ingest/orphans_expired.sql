-- orphans_expired
select
    id, ref, kind, namespace, name, type, lifecycle, owner_ref, system_ref, tags, labels, annotations,
    orphaned_at is not null as is_orphan, is_team_only, guardian_ref
from entity
where tenant = $1
    and orphaned_at < $2
order by orphaned_at
limit $3
