-- projects_known
-- Whatever group it was found in: one that has moved keeps its location.
select project_id, location, full_path, page, covers, active_at, content_hash, blob_id, is_declaring, failures
from discovered_project
where tenant = $1 and project_id = any($2)
