-- entities_moved
update entity e set target = m.target, line = m.line
from unnest($1::uuid[], $2::text[], $3::integer[]) as m (id, target, line)
where e.id = m.id
