create table deployment (
    id uuid not null,
    tenant text collate "C" not null,
    created_at timestamptz not null,
    component_ref text collate "C",
    owner_ref text collate "C",
    environment text collate "C" not null,
    environment_url text,
    tier text collate "C" not null check (tier in ('PRODUCTION', 'STAGING', 'TESTING', 'DEVELOPMENT', 'OTHER', 'UNKNOWN')),
    version text collate "C",
    commit_sha text collate "C",
    committed_at timestamptz,
    artifact text collate "C" generated always as (coalesce(commit_sha, version)) stored,
    status text collate "C" not null
        check (status in ('PENDING', 'BLOCKED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'SKIPPED', 'UNKNOWN')),
    source text collate "C" not null,
    source_name text collate "C" not null,
    source_key text collate "C" not null,
    state_at timestamptz not null,
    state_rank smallint not null,
    state_hash bigint not null,
    started_at timestamptz,
    finished_at timestamptz,
    triggered_by text,
    url text,
    job_key text,
    is_hotfix boolean not null,
    is_incident boolean not null,
    is_team_only boolean not null,
    guardian_ref text collate "C",
    previous_id uuid,
    is_rollback boolean not null default false,
    is_first_of_commit boolean not null default false,
    is_rework boolean not null default false,
    remedy_reason text collate "C" check (remedy_reason in ('FAILED_ROLLOUT', 'INCIDENT', 'ROLLBACK', 'HOTFIX')),
    remedied_by uuid,
    recovery_seconds double precision,
    primary key (created_at, id)
) partition by range (created_at);
create index deployment_newest on deployment (tenant, created_at, id);
create index deployment_component on deployment (tenant, component_ref, created_at, id);
create index deployment_place on deployment (tenant, component_ref, environment, created_at, id);
create index deployment_owner on deployment (tenant, owner_ref, created_at, id);
create index deployment_environment on deployment (tenant, environment, created_at, id);
create index deployment_tier on deployment (tenant, tier, created_at, id);
create index deployment_status on deployment (tenant, status, created_at, id);
create index deployment_source on deployment (tenant, source, created_at, id);
create index deployment_version on deployment (tenant, version, created_at, id) where version is not null;
create index deployment_artifact on deployment (tenant, artifact, component_ref, environment, created_at, id)
    where artifact is not null;
create index deployment_rollback on deployment (tenant, created_at, id) where is_rollback;
create index deployment_started on deployment (tenant, started_at);
comment on table deployment is
    'What was brought where, of all sources, a partition for each month in UTC; the ingestion makes them.';
comment on column deployment.id is 'Begins with created_at in milliseconds, the rest is a hash of the natural key: the same event has the same id.';
comment on column deployment.component_ref is 'A deployment that several components are mapped to has a row for each.';
comment on column deployment.owner_ref is 'Who owned the component then.';
comment on column deployment.artifact is 'What tells two deployments of the same thing from two of different things.';
comment on column deployment.source_key is 'What the source calls it: with source and source_name the natural key.';
comment on column deployment.state_at is 'When the source last changed it. Of two states the later one stands; of two at the same moment that of higher rank, then of higher hash.';
comment on column deployment.job_key is 'The pipeline, job or run behind it, as type:key of its id in the graph.';
comment on column deployment.guardian_ref is 'As the component''s: kept equal by the catalog''s ingestion.';
comment on column deployment.previous_id is 'The newest successful one before it in its place; this and all below follow from the rows of the place, in whatever order they came.';
comment on column deployment.is_rework is 'A rollback or a hotfix.';
comment on column deployment.remedy_reason is 'Why it needed an immediate remedy.';
comment on column deployment.remedied_by is 'The first successful one after it that remedied it.';

create table environment_state (
    tenant text collate "C" not null,
    component_ref text collate "C" not null,
    environment text collate "C" not null,
    tier text not null,
    url text,
    latest_at timestamptz not null,
    latest_id uuid not null,
    standing_at timestamptz,
    standing_id uuid,
    is_team_only boolean not null,
    guardian_ref text collate "C",
    primary key (tenant, component_ref, environment)
);
comment on table environment_state is 'One row for each place: a component in an environment, with what stands there and what was tried last.';
comment on column environment_state.standing_id is 'The newest successful deployment; null when none ever succeeded.';

create table delivery_day (
    tenant text collate "C" not null,
    component_ref text collate "C" not null,
    environment text collate "C" not null,
    tier text collate "C" not null,
    day date not null,
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
create index delivery_day_component on delivery_day (tenant, component_ref, day);
create index delivery_day_owner on delivery_day (tenant, owner_ref, day);
comment on table delivery_day is
    'Deployments of a place on a day in UTC, by tier and owner of then. The times stand one by one: medians need them all.';

create table sync_lease (
    source_name text collate "C" primary key,
    holder uuid not null,
    fence bigint not null,
    held_until timestamptz not null
);
comment on table sync_lease is 'Which replica reads a source. Every new holder has a higher fence, and what a former one still writes is refused.';

create table sync_mark (
    tenant text collate "C" not null references tenant (name),
    source_name text collate "C" not null,
    part text collate "C" not null,
    read_to timestamptz,
    since timestamptz not null,
    cursor text,
    covers text not null,
    read_at timestamptz not null,
    primary key (tenant, source_name, part)
);
comment on table sync_mark is 'How far each part of a source has been read: a project of GitLab, all templates of AWX.';
comment on column sync_mark.read_to is 'Up to this change of the source everything was taken over.';
comment on column sync_mark.since is 'Where reading began: what is older was never asked for.';
comment on column sync_mark.cursor is 'Where a reading that is not through goes on, in the words of its source.';
comment on column sync_mark.covers is 'Which components it was read for: with others it is read anew.';

alter table change_log drop constraint change_log_topic_check;
alter table change_log add constraint change_log_topic_check check (topic in ('entity', 'deployment'));
