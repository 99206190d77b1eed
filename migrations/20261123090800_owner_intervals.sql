create table owner_interval (
    tenant text collate "C" not null references tenant (name),
    entity_id uuid not null,
    entity_ref text collate "C" not null,
    owner_ref text collate "C",
    valid_from timestamptz not null,
    valid_to timestamptz,
    primary key (entity_id, valid_from),
    check (valid_to is null or valid_to >= valid_from)
);
create unique index owner_interval_open on owner_interval (entity_id) where valid_to is null;
create index owner_interval_ref on owner_interval (tenant, entity_ref, valid_from);
comment on table owner_interval is 'Who owned what and when: cost and deployments belong to the owner of their own time.';
comment on column owner_interval.valid_to is 'End, not included; null while it lasts.';
