create table change_log (
    position bigint generated always as identity,
    transaction_id xid8 not null default pg_current_xact_id(),
    at timestamptz not null default clock_timestamp(),
    tenant text collate "C" not null,
    topic text not null check (topic in ('entity')),
    kind text not null check (kind in ('CREATED', 'UPDATED', 'DELETED')),
    object_ref text collate "C" not null,
    object_id uuid not null,
    payload jsonb not null,
    primary key (transaction_id, position)
);
comment on table change_log is 'Every change, written in the transaction of the change. Append-only.';
comment on column change_log.transaction_id is 'Readers stop before the oldest running transaction, so one that commits late is never skipped.';
comment on column change_log.payload is 'What a reader needs that the object itself may no longer tell.';
