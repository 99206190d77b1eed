-- known_moments
select k.at, d.created_at
from unnest($2::integer[], $3::text[], $4::text[]) as k(at, component_ref, source_key)
cross join lateral (
    select created_at
    from deployment
    where tenant = $1 and component_ref = k.component_ref and source_name = $5 and source_key = k.source_key
    order by created_at
    limit 1
) d
