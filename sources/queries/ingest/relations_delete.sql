-- relations_delete
delete from relation
where origin_id = any($1)
