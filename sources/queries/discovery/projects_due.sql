-- projects_due
select project_id
from discovered_project
where tenant = $1 and group_path = $2 and look_at <= $3
order by look_at
limit $4
