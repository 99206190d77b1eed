create view cost_ownership as
select t.tenant, t.id as target_id, t.ref as owner_ref, '-infinity'::date as from_day, 'infinity'::date as before_day
from cost_target t
where t.kind = 'TEAM'
union all
select t.tenant, t.id, owned.owner_ref, owned.from_day, owned.before_day
from cost_target t
cross join lateral (
    select
        n.owner_ref,
        case when n.place = 1 then '-infinity' else n.from_day end as from_day,
        coalesce(lead(n.from_day) over (order by n.place), 'infinity') as before_day
    from (
        select
            i.owner_ref,
            ceil(extract(epoch from i.valid_from) / 86400)::integer + date '1970-01-01' as from_day,
            row_number() over (order by i.valid_from, i.entity_id) as place
        from owner_interval i
        where i.tenant = t.tenant and i.entity_ref = t.ref
    ) n
) owned
where t.kind = 'COMPONENT';
comment on view cost_ownership is
    'Who owned a target on which days: whoever did when a day began; before the catalog knew it, its first owner.';
comment on column cost_ownership.from_day is 'The first of them.';
comment on column cost_ownership.before_day is 'The first that is no more of them.';
