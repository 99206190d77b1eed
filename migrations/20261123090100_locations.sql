create table location (
    id uuid primary key,
    tenant text collate "C" not null references tenant (name),
    type text not null check (type in ('import', 'url', 'file')),
    target text collate "C" not null,
    ref text collate "C",
    registered_by text,
    registered_at timestamptz not null default now(),
    refresh_requested_at timestamptz,
    next_read_at timestamptz,
    leased_until timestamptz,
    last_read_at timestamptz,
    last_error text,
    unique (tenant, type, target)
);
create unique index location_ref on location (tenant, ref) where ref is not null;
create index location_due on location (next_read_at) where next_read_at is not null;
comment on table location is 'Places that declare entities.';
comment on column location.type is 'import: read by command; url and file: registered, read again by the server.';
comment on column location.ref is 'The Location entity that stands for a registered location; null for imports.';
comment on column location.next_read_at is 'When the server reads it next; null: never by itself.';
comment on column location.leased_until is 'A replica is reading it and holds it until then.';
comment on column location.last_read_at is 'When it was last read without an error.';
