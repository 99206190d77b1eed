create table processing_error (
    id uuid primary key,
    tenant text collate "C" not null references tenant (name),
    location_id uuid not null references location (id) on delete cascade,
    fingerprint bytea not null,
    entity_ref text collate "C",
    is_team_only boolean not null,
    guardian_ref text collate "C",
    message text not null,
    target text not null,
    line integer,
    "column" integer,
    since timestamptz not null,
    unique (location_id, fingerprint)
);
create index processing_error_entity on processing_error (tenant, entity_ref) where entity_ref is not null;
comment on table processing_error is 'Documents of a location that could not be taken over at its newest reading.';
comment on column processing_error.fingerprint is 'SHA-256 of target, entity_ref and message: the same error found again keeps its `since`.';
comment on column processing_error.is_team_only is 'The refused document asked for team visibility; its error follows it.';
