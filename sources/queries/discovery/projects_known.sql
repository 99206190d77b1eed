-- projects_known
select project_id, full_path, target, covers, active_at, content_hash, is_declaring
from discovered_project
where tenant = $1 and group_path = $2 and project_id = any($3)
