-- revisions_pages
select
    p.id as entity_id,
    r.position,
    r.at,
    r.kind,
    r.actor,
    r.changes
from unnest($2::uuid[]) as p(id)
cross join lateral (
    select position, at, kind, actor, changes
    from entity_revision
    where entity_id = p.id
        and tenant = $1
        and position < $3
        and ($5 or guardians <@ (select visible_guardians($1, $6)))
    order by position desc
    limit $4
) r
order by r.position desc
