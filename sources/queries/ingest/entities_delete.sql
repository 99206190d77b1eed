-- entities_delete
delete from entity
where id = any($1)
