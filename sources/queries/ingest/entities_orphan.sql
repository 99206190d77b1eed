-- entities_orphan
update entity
set orphaned_at = $2, updated_at = $2
where id = any($1)
returning id, ref, is_team_only, guardian_ref
