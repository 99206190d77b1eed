-- mapped_components
select e.tenant, e.ref as component_ref, e.annotations ->> $1 as value
from tenant t
join entity_facet f on f.tenant = t.name and f.facet = 'annotation-key' and f.value = $1
join entity e on e.id = f.entity_id
where e.kind_key = 'component' and e.annotations ->> $1 is not null
order by e.tenant, e.ref
