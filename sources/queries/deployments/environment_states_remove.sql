-- environment_states_remove
delete from environment_state s
using unnest($2::text[], $3::text[]) as p(component_ref, environment)
where s.tenant = $1
    and s.component_ref = p.component_ref
    and s.environment = p.environment
    and s.source_name = $4
    and not exists (
        select 1
        from deployment d
        where d.tenant = $1
            and d.component_ref = p.component_ref
            and d.environment = p.environment
            and d.source_name = $4
    )
