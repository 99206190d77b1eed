-- projects_unlisted
select project_id
from discovered_project
where tenant = $1 and group_path = $2 and project_id <> all($3)
order by project_id
