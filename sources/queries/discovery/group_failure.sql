-- group_failure
select p.message
from processing_error p
join location l on l.id = p.location_id
where l.tenant = $1 and l.type = 'gitlab' and l.target = $2
limit 1
