-- A revision tells what an entity said before and after, so it is seen only by those who were allowed to see both.
alter table entity_revision add column guardians text[] not null default '{}';
comment on column entity_revision.guardians is
    'Who guarded what was team-only before or after the change; empty: everyone sees it, '''': admins only.';

-- What was written so far tells no more than its entity does now; of entities that are gone nobody reads it.
update entity_revision r
set guardians = array[coalesce(e.guardian_ref, '')]
from entity e
where e.id = r.entity_id
    and e.is_team_only;
