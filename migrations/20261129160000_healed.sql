create table healed (
    tenant text collate "C" not null,
    source_name text collate "C" not null,
    hour timestamptz not null,
    changes integer not null check (changes > 0),
    primary key (tenant, source_name, hour)
);
comment on table healed is 'How many changes of a source no event had announced: reconciliation found them. Hours older than a day go with the next one.';
