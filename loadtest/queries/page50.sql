with caller as materialized (select visible_guardians($1, $2) as guardians)
select e.ref, e.title, o.name, o.title, s.name, s.title
from (
    select e.ref, e.title, e.owner_ref, e.system_ref
    from entity e
    where e.tenant = $1
        and (not e.is_team_only or e.guardian_ref = any((select guardians from caller)::text[]))
        and e.kind_key = 'component'
        and e.ref > $3
    order by e.ref
    limit 50
) e
left join entity o on o.tenant = $1 and o.ref = e.owner_ref
    and (not o.is_team_only or o.guardian_ref = any((select guardians from caller)::text[]))
left join entity s on s.tenant = $1 and s.ref = e.system_ref
    and (not s.is_team_only or s.guardian_ref = any((select guardians from caller)::text[]))
order by e.ref
