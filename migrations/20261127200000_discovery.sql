alter table location drop constraint location_type_check;
alter table location add constraint location_type_check check (type in ('import', 'url', 'file', 'gitlab'));
alter table location add column parent_ref text collate "C";
create index location_parent on location (tenant, parent_ref) where parent_ref is not null;
comment on column location.parent_ref is 'The Location entity of the group that it was discovered in.';
comment on column location.type is
    'import: read by command; url and file: registered, read again by the server; gitlab: discovered, read when its project changes.';

create table discovered_project (
    tenant text collate "C" not null references tenant (name),
    project_id bigint not null,
    group_path text collate "C" not null,
    location text collate "C" not null,
    full_path text collate "C" not null,
    page text collate "C" not null,
    covers text not null,
    active_at timestamptz,
    content_hash bytea,
    blob_id text,
    is_declaring boolean not null,
    failures integer not null,
    look_at timestamptz,
    primary key (tenant, project_id)
);
create index discovered_project_group on discovered_project (tenant, group_path, look_at);
comment on table discovered_project is 'Projects of GitLab that were looked at for a catalog file, each a location of its own.';
comment on column discovered_project.project_id is 'Stays when the project is moved or renamed.';
comment on column discovered_project.group_path is 'The configured group in which it was found last.';
comment on column discovered_project.location is 'The target of its location, which stays as the number does.';
comment on column discovered_project.page is 'Where the file is shown.';
comment on column discovered_project.covers is 'With which filters it was looked at.';
comment on column discovered_project.active_at is 'The last activity of the project that was looked at.';
comment on column discovered_project.content_hash is 'Of the file as it was taken over as a whole; null when there was none, or a part of it was refused.';
comment on column discovered_project.blob_id is 'What Git calls the content that was taken over as a whole, where GitLab told it.';
comment on column discovered_project.is_declaring is 'There is a location for it that may declare something or bear an error.';
comment on column discovered_project.failures is 'How often in a row it could not be taken over as a whole: the next look waits twice as long each time.';
comment on column discovered_project.look_at is 'When to look again whatever the list says; null: when it says so.';

create table discovery_scan (
    tenant text collate "C" not null references tenant (name),
    group_path text collate "C" not null,
    covers text not null,
    seen_to timestamptz,
    whole_at timestamptz not null,
    scanned_at timestamptz not null,
    primary key (tenant, group_path)
);
comment on table discovery_scan is 'How far the projects of a group have been looked at.';
comment on column discovery_scan.covers is 'With which filters: with others all are listed anew.';
comment on column discovery_scan.seen_to is 'All that was active until then was looked at.';
comment on column discovery_scan.whole_at is 'When all projects were last listed: what is gone is not active any more.';
