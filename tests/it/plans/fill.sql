-- 20,000 entities beside the demo's estate, in the proportions of a large one. Every value follows from a number alone, so
-- that the statistics, and with them the plans, are the same on every machine.
set session_replication_role = replica; -- no checks of foreign keys: they would take most of the time

insert into location (id, tenant, type, target, last_read_at)
values (md5('location')::uuid, 'default', 'import', 'plans', '2026-01-01Z');

insert into location (id, tenant, type, target, ref, last_read_at)
select
    md5('location ' || n)::uuid,
    'default',
    'url',
    'https://example.com/' || n,
    'location:default/location-' || n,
    '2026-01-01Z'
from generate_series(1, 200) n;

create temporary table made as
select
    n,
    md5('entity ' || n)::uuid as id,
    kind_key,
    kind_key || '-' || n as name,
    kind_key || ':default/' || kind_key || '-' || n as ref,
    case
        when kind_key in ('group', 'user', 'location') then null
        else 'group:default/group-' || (n * 7919 % 20) * 1000 + n % 4
    end as owner_ref,
    case
        when kind_key in ('component', 'api', 'resource') then 'system:default/system-' || (n * 7919 % 20) * 1000 + 20 + n % 40
    end as system_ref,
    case when kind_key in ('group', 'user') then null else 'type-' || n % 5 end as type,
    timestamptz '2026-01-01Z' + n * 7919 % 1000000 * interval '1 second' as at
from generate_series(0, 19999) n
cross join lateral (
    select case
        when n % 1000 < 4 then 'group'
        when n % 1000 < 20 then 'user'
        when n % 1000 < 60 then 'system'
        when n % 1000 < 70 then 'location'
        when n % 1000 < 700 then 'component'
        when n % 1000 < 880 then 'api'
        else 'resource'
    end as kind_key
) k;

insert into entity (
    id, tenant, ref, kind_key, kind, namespace, name, api_version, title, description, labels, annotations, tags, links, spec,
    type, lifecycle, owner_ref, system_ref, sort_name, is_team_only, guardian_ref, location_id, content_hash, search,
    created_at, updated_at
)
select
    id,
    'default',
    ref,
    kind_key,
    case kind_key when 'api' then 'API' else initcap(kind_key) end,
    'default',
    name,
    'backstage.io/v1alpha1',
    null,
    description,
    jsonb_build_object('tier', n % 3),
    '{}',
    tags,
    '[]',
    jsonb_build_object('type', type, 'text', repeat(md5(n::text), 10)),
    type,
    case when kind_key = 'component' then (array['production', 'experimental', 'deprecated'])[n % 3 + 1] end,
    owner_ref,
    system_ref,
    name,
    n % 50 = 49 and owner_ref is not null,
    owner_ref,
    md5('location' || case when n % 1000 < 70 then '' else ' ' || n % 200 + 1 end)::uuid,
    '\x00',
    entity_search(name, null, description, tags),
    at,
    at + interval '1 day'
from made
cross join lateral (
    select
        'Keeps ' || md5('a' || n % 300) || case when n % 211 = 0 then ' fluorite' else '' end as description,
        array['tag-' || n % 40, 'tag-' || 40 + n % 7] as tags
) d;

-- Each relation stands at both of its ends.
insert into relation (tenant, source_ref, type, target_ref, origin_id)
select 'default', r.*
from made m
cross join lateral (
    values
        (m.ref, 'ownedBy', m.owner_ref, m.id),
        (m.owner_ref, 'ownerOf', m.ref, m.id),
        (m.ref, 'partOf', m.system_ref, m.id),
        (m.system_ref, 'hasPart', m.ref, m.id)
) r (source_ref, type, target_ref, origin_id)
where r.source_ref is not null
    and r.target_ref is not null;

insert into relation (tenant, source_ref, type, target_ref, origin_id)
select 'default', r.*
from made m
cross join generate_series(1, 3) t
join made o on o.n = (m.n * 31 + t * 4967) % 20000 and o.kind_key in ('component', 'resource') and o.n <> m.n
cross join lateral (
    values (m.ref, 'dependsOn', o.ref, m.id), (o.ref, 'dependencyOf', m.ref, m.id)
) r (source_ref, type, target_ref, origin_id)
where m.kind_key = 'component';

-- People in teams, and teams below teams: the first of each thousand is the parent of the other three.
insert into relation (tenant, source_ref, type, target_ref, origin_id)
select 'default', r.*
from made m
cross join lateral (
    select
        'group:default/group-' || case m.kind_key when 'user' then m.n - m.n % 1000 + m.n % 4 else m.n - m.n % 1000 end as team,
        case m.kind_key when 'user' then 'memberOf' else 'childOf' end as up,
        case m.kind_key when 'user' then 'hasMember' else 'parentOf' end as down
) t
cross join lateral (
    values (m.ref, t.up, t.team, m.id), (t.team, t.down, m.ref, m.id)
) r (source_ref, type, target_ref, origin_id)
where m.kind_key in ('user', 'group')
    and t.team <> m.ref;

insert into entity_facet (tenant, facet, value, entity_id)
select 'default', f.facet, f.value, m.id
from made m
cross join lateral (
    values
        ('kind', m.kind_key),
        ('namespace', 'default'),
        ('type', m.type),
        ('lifecycle', case when m.kind_key = 'component' then (array['production', 'experimental', 'deprecated'])[m.n % 3 + 1] end),
        ('owner', m.owner_ref),
        ('system', m.system_ref),
        ('tag', 'tag-' || m.n % 40),
        ('tag', 'tag-' || 40 + m.n % 7),
        ('label', 'tier=' || m.n % 3),
        ('label-key', 'tier')
) f (facet, value)
where f.value is not null;

insert into entity_revision (tenant, entity_id, at, kind, changes)
select 'default', m.id, m.at + t * interval '1 hour', case t when 0 then 'CREATED' else 'UPDATED' end, '[]'
from made m
cross join generate_series(0, 2) t;

-- Transactions of long ago, of 40 changes each, in days of long ago: of eight partitions none may make a reader slower.
do $$
declare
    part text;
begin
    for part in
        select inhrelid::regclass from pg_inherits where inhparent = 'change_log'::regclass
        and inhrelid <> 'change_log_default'::regclass
    loop
        execute 'drop table ' || part;
    end loop;
    for days in 0..7 loop
        execute format(
            'create table change_log_day_%s partition of change_log for values from (%L) to (%L)',
            days, timestamptz '2026-01-01Z' + days * interval '36 hours', timestamptz '2026-01-01Z' + (days + 1) * interval '36 hours'
        );
    end loop;
end
$$;

insert into change_log (transaction_id, tenant, topic, kind, object_ref, object_id, payload, at)
select (3 + n / 40)::text::xid8, 'default', 'entity', 'CREATED', ref, id, '{}', at
from made;

insert into audit_log (id, tenant, position, at, subject, action, target, decision, hash)
select
    md5('audit ' || n)::uuid,
    'default',
    1000 + n,
    at,
    'subject-' || n % 50,
    'action-' || n % 10,
    ref,
    'ALLOWED',
    md5(n::text)
from made;

insert into processing_error (id, tenant, location_id, fingerprint, entity_ref, is_team_only, message, target, since)
select
    md5('error ' || n)::uuid,
    'default',
    md5('location ' || n % 200 + 1)::uuid,
    sha256(n::text::bytea),
    ref,
    false,
    'message',
    'target',
    at
from made
where n % 10 = 7;
