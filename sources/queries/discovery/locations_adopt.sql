-- locations_adopt
update location set parent_ref = $3
where tenant = $1
    and type = 'gitlab'
    and parent_ref is distinct from $3
    and (
        target = $4
        or target in (
            select p.location from discovered_project p where p.tenant = $1 and p.group_path = $2 and p.is_declaring
        )
    )
