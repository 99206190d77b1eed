-- Walks over teams, planned once for each connection. As functions in SQL they were planned in every statement that used
-- them, which took 0.4 ms, forty times as long as the walk. A plan made for the parameters at hand is no better.

create or replace function visible_guardians(of_tenant text, own_refs text[]) returns text[]
language plpgsql stable parallel safe set plan_cache_mode = force_generic_plan
as $$
begin
    return (
        with recursive below(ref) as (
            select unnest(own_refs) collate "C"
            union
            select r.target_ref
            from below
            join relation r on r.tenant = of_tenant and r.source_ref = below.ref and r.type = 'parentOf'
            join entity e on e.id = r.origin_id and e.ref = r.target_ref
        )
        select coalesce(array_agg(ref), '{}') from below
    );
end
$$;

create or replace function teams_below(of_tenant text, top_ref text, guardians text[]) returns setof text
language plpgsql stable parallel safe set plan_cache_mode = force_generic_plan
as $$
begin
    return query
        with recursive below(ref) as (
            select top_ref collate "C"
            union
            select r.target_ref
            from below
            join relation r on r.tenant = of_tenant and r.source_ref = below.ref and r.type = 'parentOf'
            join entity o on o.id = r.origin_id and is_visible_to(o.is_team_only, o.guardian_ref, guardians)
            join entity e on e.tenant = of_tenant and e.ref = r.target_ref
                and is_visible_to(e.is_team_only, e.guardian_ref, guardians)
        )
        select ref from below;
end
$$;

create or replace function teams_above(of_tenant text, user_ref text, guardians text[]) returns setof text
language plpgsql stable parallel safe set plan_cache_mode = force_generic_plan
as $$
begin
    return query
        with recursive above(ref) as (
            select r.target_ref
            from relation r
            join entity o on o.id = r.origin_id and is_visible_to(o.is_team_only, o.guardian_ref, guardians)
            join entity e on e.tenant = of_tenant and e.ref = r.target_ref
                and is_visible_to(e.is_team_only, e.guardian_ref, guardians)
            where r.tenant = of_tenant and r.source_ref = user_ref and r.type = 'memberOf'
            union
            select r.target_ref
            from above
            join relation r on r.tenant = of_tenant and r.source_ref = above.ref and r.type = 'childOf'
            join entity o on o.id = r.origin_id and is_visible_to(o.is_team_only, o.guardian_ref, guardians)
            join entity e on e.tenant = of_tenant and e.ref = r.target_ref
                and is_visible_to(e.is_team_only, e.guardian_ref, guardians)
        )
        select ref from above;
end
$$;

create or replace function staffed_teams(of_tenant text, guardians text[]) returns text[]
language plpgsql stable parallel safe set plan_cache_mode = force_generic_plan
as $$
begin
    return (
        with recursive staffed(ref) as (
            select r.source_ref
            from relation r
            join entity o on o.id = r.origin_id and is_visible_to(o.is_team_only, o.guardian_ref, guardians)
            join entity e on e.tenant = of_tenant and e.ref = r.target_ref and e.kind_key = 'user'
                and is_visible_to(e.is_team_only, e.guardian_ref, guardians)
            where r.tenant = of_tenant and r.type = 'hasMember'
            union
            select r.target_ref
            from staffed
            join relation r on r.tenant = of_tenant and r.source_ref = staffed.ref and r.type = 'childOf'
            join entity o on o.id = r.origin_id and is_visible_to(o.is_team_only, o.guardian_ref, guardians)
            join entity e on e.tenant = of_tenant and e.ref = staffed.ref
                and is_visible_to(e.is_team_only, e.guardian_ref, guardians)
        )
        select coalesce(array_agg(ref), '{}') from staffed
    );
end
$$;
