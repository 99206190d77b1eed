-- entities_upsert
insert into entity (
    id, tenant, ref, kind_key, kind, namespace, name, api_version, title, description, labels, annotations, tags, links,
    spec, type, lifecycle, owner_ref, system_ref, sort_name, is_team_only, guardian_ref, location_id, target, line,
    content_hash, search, orphaned_at, created_at, updated_at
)
select
    r.id, $2, r.ref, r.kind_key, r.kind, r.namespace, r.name, r.api_version, r.title, r.description, r.labels,
    r.annotations, r.tags, r.links, r.spec, r.type, r.lifecycle, r.owner_ref, r.system_ref, r.sort_name,
    r.is_team_only, r.guardian_ref, $3, r.target, r.line, decode(r.content_hash, 'hex'),
    entity_search(r.name, r.title, r.description, r.tags), null, $4, $4
from unnest($1::jsonb[]) as input(document)
cross join lateral jsonb_to_record(input.document) as r(
    id uuid, ref text, kind_key text, kind text, namespace text, name text, api_version text, title text,
    description text, labels jsonb, annotations jsonb, tags text[], links jsonb, spec jsonb, type text, lifecycle text,
    owner_ref text, system_ref text, sort_name text, is_team_only boolean, guardian_ref text, target text, line integer,
    content_hash text
)
on conflict (tenant, ref) do update set
    kind = excluded.kind,
    namespace = excluded.namespace,
    name = excluded.name,
    api_version = excluded.api_version,
    title = excluded.title,
    description = excluded.description,
    labels = excluded.labels,
    annotations = excluded.annotations,
    tags = excluded.tags,
    links = excluded.links,
    spec = excluded.spec,
    type = excluded.type,
    lifecycle = excluded.lifecycle,
    owner_ref = excluded.owner_ref,
    system_ref = excluded.system_ref,
    sort_name = excluded.sort_name,
    is_team_only = excluded.is_team_only,
    guardian_ref = excluded.guardian_ref,
    location_id = excluded.location_id,
    target = excluded.target,
    line = excluded.line,
    content_hash = excluded.content_hash,
    search = excluded.search,
    orphaned_at = null,
    updated_at = excluded.updated_at
