-- locations_adopt
update location l set parent_ref = $3
from discovered_project p
where p.tenant = $1
    and p.group_path = $2
    and p.is_declaring
    and l.tenant = $1
    and l.type = 'gitlab'
    and l.target = p.target
    and l.parent_ref is distinct from $3
