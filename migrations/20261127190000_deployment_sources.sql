-- What several systems report of one place is kept apart: what stands, what was rolled back and what remedied what follows from the
-- deployments of one system. All that was read before is read anew.
truncate deployment, environment_state, delivery_day, sync_mark;

alter table environment_state
    add column source text collate "C" not null,
    add column source_name text collate "C" not null,
    add column source_rank smallint not null
        generated always as (case source when 'gitlab' then 1 when 'openshift' then 2 when 'awx' then 3 else 4 end) stored,
    add column first_at timestamptz not null,
    drop constraint environment_state_pkey,
    add primary key (tenant, component_ref, environment, source_name);
comment on table environment_state is
    'A row for each place, a component in an environment, and system that reports it: what stands there and what was tried last.';
comment on column environment_state.source_rank is
    'Of systems that report the same place at the same time the one of the least rank counts: the others report the same deployments again.';
comment on column environment_state.first_at is 'The first deployment that the system reports of the place.';

alter table delivery_day
    add column source text collate "C" not null,
    add column source_name text collate "C" not null,
    add column source_rank smallint not null
        generated always as (case source when 'gitlab' then 1 when 'openshift' then 2 when 'awx' then 3 else 4 end) stored,
    add column counts boolean not null default true;
comment on column delivery_day.counts is 'No system of lesser rank reports the place at that time.';
comment on table delivery_day is 'Deployments of a place on a day in UTC, by system, tier and owner of then.';

-- Medians need every time: eight bytes for each, as Postgres sends a double precision, one behind the other.
alter table delivery_day
    drop column lead_seconds,
    drop column recovery_seconds,
    add column lead_seconds bytea not null,
    add column recovery_seconds bytea not null;
comment on column delivery_day.lead_seconds is 'Of each change from commit to deployment, eight bytes each: medians need them all.';
comment on column delivery_day.recovery_seconds is 'Of each that was remedied from its end to the end of the remedy, eight bytes each.';

create table delivery_month (
    tenant text collate "C" not null,
    component_ref text collate "C" not null,
    environment text collate "C" not null,
    tier text collate "C" not null,
    month date not null,
    owner_ref text collate "C",
    ended integer not null,
    succeeded integer not null,
    failed integer not null,
    recovered integer not null,
    rework integer not null,
    lead_seconds bytea not null,
    recovery_seconds bytea not null,
    is_team_only boolean not null,
    guardian_ref text collate "C"
);
alter table delivery_month
    alter column lead_seconds set storage external,
    alter column recovery_seconds set storage external;
create index delivery_month_component on delivery_month (tenant, component_ref, month);
comment on table delivery_month is 'The days of a place that count, a month together.';
comment on column delivery_month.month is 'Its first day.';

drop index delivery_day_owner;
create index delivery_day_owner on delivery_day (tenant, owner_ref, environment, day);

create table delivery_owner_day (
    tenant text collate "C" not null,
    owner_ref text collate "C" not null,
    environment text collate "C" not null,
    tier text collate "C" not null,
    day date not null,
    ended integer not null,
    succeeded integer not null,
    failed integer not null,
    recovered integer not null,
    rework integer not null,
    lead_seconds bytea not null,
    recovery_seconds bytea not null,
    is_team_only boolean not null,
    guardian_ref text collate "C"
);
alter table delivery_owner_day
    alter column lead_seconds set storage external,
    alter column recovery_seconds set storage external;
create index delivery_owner_day_owner on delivery_owner_day (tenant, owner_ref, day);
comment on table delivery_owner_day is
    'The days that count of all that an owner had then, together for each environment and who may see it: teams are measured by these.';

create table delivery_owner_month (like delivery_owner_day including storage including comments);
alter table delivery_owner_month rename column day to month;
create index delivery_owner_month_owner on delivery_owner_month (tenant, owner_ref, month);
comment on table delivery_owner_month is 'The days of an owner, a month together: a year of a team is read from these.';
comment on column delivery_owner_month.month is 'Its first day.';

create index deployment_component_status on deployment (tenant, component_ref, status, created_at, id);
