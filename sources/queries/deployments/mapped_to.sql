-- mapped_to
-- As mapped_components, of those whose annotation holds a text; whether it names what is meant is seen by who knows its form.
select
    e.tenant,
    e.ref as component_ref,
    (
        select jsonb_object_agg(name, e.annotations ->> name)
        from unnest($1::text[]) as names(name)
        where e.annotations ->> name is not null
    ) as values
from entity e
where e.kind_key = 'component'
    and e.id in (
        select f.entity_id
        from tenant t
        join entity_facet f on f.tenant = t.name and f.facet = 'annotation-key' and f.value = any($1)
    )
    and exists (
        select
        from unnest($1::text[]) as names(name)
        where position(lower($2) in lower(e.annotations ->> name)) > 0
    )
order by e.tenant, e.ref
