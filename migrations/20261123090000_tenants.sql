create table tenant (
    name text collate "C" primary key check (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    created_at timestamptz not null default now()
);
comment on table tenant is 'Organisations that share this installation. Nothing of one is ever shown to another.';
