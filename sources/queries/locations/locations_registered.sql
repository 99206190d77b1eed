-- locations_registered
select count(*)
from location
where tenant = $1
    and type in ('url', 'file')
