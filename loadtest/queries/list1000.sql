select e.ref, e.name, e.title, e.description, e.type, e.lifecycle, e.owner_ref, e.system_ref, e.created_at, e.updated_at
from entity e
where e.tenant = $1
    and (not e.is_team_only or e.guardian_ref = any((select visible_guardians($1, $2))::text[]))
    and e.kind_key = 'component'
    and e.ref > $3
order by e.ref
limit 1000
