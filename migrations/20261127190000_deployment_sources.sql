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
comment on table delivery_day is
    'Deployments of a place on a day in UTC, by system, tier and owner of then. The times stand one by one: medians need them all.';

create aggregate numbers_concat (double precision[]) (sfunc = array_cat, stype = double precision[], initcond = '{}');

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
    lead_seconds double precision[] not null,
    recovery_seconds double precision[] not null,
    is_team_only boolean not null,
    guardian_ref text collate "C"
);
create index delivery_month_component on delivery_month (tenant, component_ref, month);
create index delivery_month_owner on delivery_month (tenant, owner_ref, tier, month);
drop index delivery_day_owner;
create index delivery_day_owner on delivery_day (tenant, owner_ref, tier, day);
comment on table delivery_month is 'The days of a place that count, a month together: a year of a team is read from these.';
comment on column delivery_month.month is 'Its first day.';

create index deployment_component_status on deployment (tenant, component_ref, status, created_at, id);
