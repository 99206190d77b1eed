create table entity_revision (
    position bigint generated always as identity primary key,
    tenant text collate "C" not null references tenant (name),
    entity_id uuid not null,
    at timestamptz not null,
    kind text not null check (kind in ('CREATED', 'UPDATED', 'DELETED')),
    actor text,
    changes jsonb not null
);
create index entity_revision_entity on entity_revision (entity_id, position desc);
comment on table entity_revision is 'History of entities: what changed, field by field. Kept when the entity goes.';
comment on column entity_revision.changes is 'Array of {path, before, after}; at most 200.';
