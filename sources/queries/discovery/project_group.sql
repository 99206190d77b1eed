-- project_group
select group_path
from discovered_project
where tenant = $1 and project_id = $2
