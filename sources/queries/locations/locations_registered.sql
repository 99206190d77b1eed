-- locations_registered
select count(*)
from location
where tenant = $1
    and type <> 'import'
