create function entity_search(name text, title text, description text, tags text[]) returns tsvector
language sql immutable parallel safe
return setweight(to_tsvector('simple'::regconfig, translate(coalesce(name, ''), '-_./', '    ')), 'A')
    || setweight(to_tsvector('simple'::regconfig, translate(coalesce(title, ''), '-_./', '    ')), 'A')
    || setweight(to_tsvector('simple'::regconfig, translate(coalesce(array_to_string(tags, ' '), ''), '-_./:+#', '       ')), 'B')
    || setweight(to_tsvector('simple'::regconfig, translate(left(coalesce(description, ''), 20000), '-_./', '    ')), 'C');
comment on function entity_search is 'Words of an entity for full-text search, names before tags before description.';

create table entity (
    id uuid primary key,
    tenant text collate "C" not null references tenant (name),
    ref text collate "C" not null,
    kind_key text collate "C" not null,
    kind text not null,
    namespace text not null,
    name text not null,
    api_version text not null,
    title text,
    description text,
    labels jsonb not null,
    annotations jsonb not null,
    tags text[] not null,
    links jsonb not null,
    spec jsonb not null,
    type text,
    lifecycle text,
    owner_ref text collate "C",
    system_ref text collate "C",
    sort_name text collate "C" not null,
    is_team_only boolean not null,
    guardian_ref text collate "C",
    location_id uuid references location (id) on delete set null,
    target text,
    line integer,
    content_hash bytea not null,
    search tsvector not null,
    orphaned_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (tenant, ref)
);
comment on table entity is 'The catalog: one row for each entity, as its newest valid document declares it.';
comment on column entity.ref is 'kind:namespace/name in lower case.';
comment on column entity.kind_key is 'The kind in lower case.';
comment on column entity.sort_name is 'lower(title or name), cut: what the order NAME compares.';
comment on column entity.is_team_only is 'Annotated weft.dev/visibility: team.';
comment on column entity.guardian_ref is 'Whose members see it when it is team-only: its owner, or itself where it is a group or a user.';
comment on column entity.target is 'File or address of the document, for messages.';
comment on column entity.content_hash is 'SHA-256 of the document: equal means nothing changed.';
comment on column entity.orphaned_at is 'Since when no location declares it; it goes after a grace period.';
