-- revisions_counts
select entity_id, count(*)
from entity_revision
where tenant = $1
    and entity_id = any($2)
    and ($3 or guardians <@ (select visible_guardians($1, $4)))
group by entity_id
