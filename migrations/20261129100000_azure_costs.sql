create table cost_azure_run (
    tenant text collate "C" not null,
    container text collate "C" not null,
    manifest text collate "C" not null,
    etag text collate "C" not null,
    taken_over_at timestamptz not null,
    primary key (tenant, container, manifest)
);
comment on table cost_azure_run is 'Runs of Azure''s exports that were fetched and taken over; one that is written anew has another etag and is fetched again.';
comment on column cost_azure_run.container is 'The address of the container, without a slash at its end.';
comment on column cost_azure_run.manifest is 'The blob that tells the run''s parts.';

create table cost_azure_look (
    tenant text collate "C" not null,
    target text collate "C" not null,
    looked_at timestamptz not null,
    has_failed boolean not null,
    primary key (tenant, target)
);
comment on table cost_azure_look is 'When what was asked of Azure last, whichever replica asked, so that a restart does not ask again.';
comment on column cost_azure_look.target is 'A container and prefix, or the scope of a query.';
