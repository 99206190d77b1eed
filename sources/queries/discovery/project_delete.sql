-- project_delete
delete from discovered_project
where tenant = $1 and group_path = $2 and project_id = $3
