create table change_log_state (
    is_only boolean primary key default true check (is_only),
    epoch uuid not null,
    signing_key bytea not null,
    dropped_transaction_id xid8,
    dropped_position bigint,
    dropped_when pg_snapshot,
    check (num_nulls(dropped_transaction_id, dropped_position, dropped_when) in (0, 3))
);
comment on table change_log_state is 'One row: what readers must know of the log itself.';
comment on column change_log_state.epoch is 'Of this log; positions of another one mean nothing in it.';
comment on column change_log_state.signing_key is 'By which cursors are signed, the same for all replicas.';
comment on column change_log_state.dropped_transaction_id is
    'With dropped_position the greatest place that was dropped: whoever has read less than that has lost something. Null while all is there.';
comment on column change_log_state.dropped_when is 'As it was dropped: whoever has read all that this sees has lost nothing of it.';

-- Two random ids are 244 bits.
insert into change_log_state (epoch, signing_key)
values (gen_random_uuid(), sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));
