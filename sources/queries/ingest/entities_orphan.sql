-- entities_orphan
update entity
set orphaned_at = $2, updated_at = $2
where id = any($1)
returning
    id, ref, kind, namespace, name, type, lifecycle, owner_ref, system_ref, tags, labels, annotations,
    orphaned_at is not null as is_orphan, is_team_only, guardian_ref
