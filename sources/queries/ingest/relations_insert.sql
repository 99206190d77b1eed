-- relations_insert
insert into relation (tenant, source_ref, type, target_ref, origin_id)
select $1, source_ref, type, target_ref, origin_id
from unnest($2::text[], $3::text[], $4::text[], $5::uuid[]) as r(source_ref, type, target_ref, origin_id)
