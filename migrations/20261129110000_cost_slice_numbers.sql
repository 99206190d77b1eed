alter table cost_slice add column number bigint;
comment on column cost_slice.number is
    'That of the slice whose place it took; null: its own id. Charges are called by it, so that a correction leaves their names alone.';
