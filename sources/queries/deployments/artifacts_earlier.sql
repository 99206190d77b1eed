-- artifacts_earlier
select w.place, w.artifact
from unnest($2::integer[], $3::text[], $4::text[], $5::timestamptz[], $6::uuid[], $7::text[])
    as w(place, component_ref, environment, created_at, id, artifact)
where exists (
    select 1
    from deployment d
    where d.tenant = $1
        and d.artifact = w.artifact
        and d.component_ref = w.component_ref
        and d.environment = w.environment
        and d.status = 'SUCCEEDED'
        and d.source_name = $8
        and d.created_at <= w.created_at
        and (d.created_at, d.id) < (w.created_at, w.id)
)
