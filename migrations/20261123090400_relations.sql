create table relation (
    tenant text collate "C" not null,
    source_ref text collate "C" not null,
    type text collate "C" not null,
    target_ref text collate "C" not null,
    origin_id uuid not null references entity (id) on delete cascade,
    primary key (tenant, source_ref, type, target_ref, origin_id)
);
create index relation_origin on relation (origin_id);
comment on table relation is 'Directed relations, each stored at both of its ends under paired types. An end need not be in the catalog.';
comment on column relation.origin_id is 'The entity whose document declares it: who may not see that one may not see the relation.';

-- The teams and people on whose behalf somebody with these references sees team-only entities: themselves and, for
-- teams, every team below. Only a parent that the lower team itself declares counts: otherwise declaring somebody
-- else's team as a child would be enough to see what is theirs.
create function visible_guardians(of_tenant text, own_refs text[]) returns text[]
language sql stable parallel safe
as $$
    with recursive below(ref) as (
        select unnest(own_refs) collate "C"
        union
        select r.target_ref
        from below
        join relation r on r.tenant = of_tenant and r.source_ref = below.ref and r.type = 'parentOf'
        join entity e on e.id = r.origin_id and e.ref = r.target_ref
    )
    select coalesce(array_agg(ref), '{}') from below
$$;
comment on function visible_guardians is 'References of all teams and people for whom own_refs may see team-only entities. Safe with cycles.';

-- Below, `guardians` is what visible_guardians answered, or null for a caller who sees everything.
create function is_visible_to(is_team_only boolean, guardian_ref text, guardians text[]) returns boolean
language sql immutable parallel safe
return guardians is null or not is_team_only or (guardian_ref is not null and guardian_ref = any(guardians));
comment on function is_visible_to is 'The predicate of visibility, for functions that walk the catalog.';

create function teams_below(of_tenant text, top_ref text, guardians text[]) returns setof text
language sql stable parallel safe
as $$
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
    select ref from below
$$;
comment on function teams_below is 'A team and all teams below it, as far as they are visible. Safe with cycles.';

create function teams_above(of_tenant text, user_ref text, guardians text[]) returns setof text
language sql stable parallel safe
as $$
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
    select ref from above
$$;
comment on function teams_above is 'The teams somebody is a member of and all teams above, as far as they are visible. Safe with cycles.';

create function staffed_teams(of_tenant text, guardians text[]) returns text[]
language sql stable parallel safe
as $$
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
$$;
comment on function staffed_teams is 'References of all teams with somebody in them or below them, as far as the caller sees. Safe with cycles.';
