create table cost_export (
    id uuid primary key,
    tenant text collate "C" not null references tenant (name),
    scope text collate "C" not null,
    name text not null,
    content bytea not null,
    basis text not null check (basis in ('FOCUS', 'AZURE_EXPORT', 'AZURE_QUERY')),
    row_count bigint not null,
    set_aside_count bigint not null,
    imported_at timestamptz not null
);
create index cost_export_content on cost_export (tenant, content);
comment on table cost_export is 'What was imported, one row for each export that was taken over; kept for good, so that the same file twice changes nothing.';
comment on column cost_export.scope is 'What the export is about, as its importer or its manifest says; empty where neither says.';
comment on column cost_export.content is 'SHA-256 over the SHA-256 of its files, in the order of these.';

create table cost_slice (
    id bigint generated always as identity primary key,
    tenant text collate "C" not null references tenant (name),
    scope text collate "C" not null,
    invoice_issuer text collate "C" not null,
    billing_account text collate "C" not null,
    period_start timestamptz not null,
    period_end timestamptz not null,
    export_id uuid not null references cost_export (id),
    row_count bigint not null default 0,
    first_day date,
    complete_until date,
    sub_accounts text[] not null default '{}',
    is_invoiced boolean not null default false,
    imported_at timestamptz not null,
    unique (tenant, scope, invoice_issuer, billing_account, period_start)
);
comment on table cost_slice is
    'What one billing account was charged in one billing period, as the newest export says. A corrected export takes the place of the whole slice.';
comment on column cost_slice.complete_until is 'The last day for the whole of which there are charges.';
comment on column cost_slice.is_invoiced is 'Every charge names its invoice.';

create table cost_mix (
    id bigint generated always as identity primary key,
    tenant text collate "C" not null,
    provider text collate "C" not null,
    service text collate "C" not null,
    service_category text collate "C" not null,
    region text collate "C" not null,
    sub_account text collate "C" not null,
    charge_category text collate "C" not null,
    environment text collate "C" not null,
    cluster text collate "C" not null,
    namespace text collate "C" not null,
    unique (tenant, provider, service, service_category, region, sub_account, charge_category, environment, cluster, namespace)
);
comment on table cost_mix is 'The values of dimensions that occur together; empty where a charge has none. Sums refer to it.';

create table cost_target (
    id bigint generated always as identity primary key,
    tenant text collate "C" not null,
    kind text collate "C" not null check (kind in ('COMPONENT', 'TEAM', 'SHARED', 'NONE')),
    ref text collate "C" not null,
    is_apart boolean not null default false,
    unique (tenant, kind, ref)
);
comment on table cost_target is 'For what or whom charges are: a component, a team, several teams, or nobody that was found.';
comment on column cost_target.ref is 'Of a component or a team its reference; of shared costs the rule that says so; else empty.';
comment on column cost_target.is_apart is 'Stands by itself in sums over several targets: not everybody may see it.';

create table cost_key (
    tenant text collate "C" not null,
    id uuid not null,
    columns jsonb not null,
    mix_id bigint not null references cost_mix (id),
    target_id bigint not null references cost_target (id),
    rule text,
    resource text collate "C",
    tags jsonb not null,
    primary key (tenant, id)
);
comment on table cost_key is
    'What many charges have in common: all columns but amounts, quantities and times, as they stand in the file. What a charge is for follows from these alone.';
comment on column cost_key.id is 'Begins as a hash of the columns: the same ones have the same key in every import.';

create table cost_row (
    slice_id bigint not null,
    period date not null,
    line bigint not null,
    day date not null,
    key_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    currency text collate "C" not null,
    billed_cost numeric not null,
    effective_cost numeric not null,
    list_cost numeric not null,
    contracted_cost numeric not null,
    rest jsonb
) partition by range (period);
create index cost_row_newest on cost_row (slice_id, day, line);
comment on table cost_row is 'Charges, a partition for each month that a billing period begins in.';
comment on column cost_row.line is 'Counts the rows of a slice in the order of its files.';
comment on column cost_row.rest is 'The other columns that differ from charge to charge, such as quantities, as they stand in the file.';

create function cost_owner(of_tenant text, target_kind text, target_ref text, of_day date) returns text
language sql stable parallel safe
as $$
    select case when target_kind = 'TEAM' then target_ref else (
        select i.owner_ref
        from owner_interval i
        where target_kind = 'COMPONENT' and i.tenant = of_tenant and i.entity_ref = target_ref
        order by
            i.valid_from <= of_day::timestamp at time zone 'UTC' desc,
            abs(extract(epoch from i.valid_from - of_day::timestamp at time zone 'UTC'))
        limit 1
    ) end
$$;
comment on function cost_owner is
    'Who owned a target when a day began; before the catalog knew it, its first owner. Null where nobody did.';

-- Sums by day and by month, each in three widths. The narrowest that has what a question asks for answers it.
create table cost_component_day (
    tenant text collate "C" not null,
    slice_id bigint not null,
    day date not null,
    owner_ref text collate "C",
    target_id bigint not null,
    mix_id bigint not null,
    currency text collate "C" not null,
    billed_cost numeric not null,
    effective_cost numeric not null,
    list_cost numeric not null,
    contracted_cost numeric not null
);
create table cost_component_month (like cost_component_day);
create table cost_service_day (
    tenant text collate "C" not null,
    slice_id bigint not null,
    day date not null,
    owner_ref text collate "C",
    kind text collate "C" not null,
    apart_id bigint,
    provider text collate "C" not null,
    service text collate "C" not null,
    service_category text collate "C" not null,
    currency text collate "C" not null,
    billed_cost numeric not null,
    effective_cost numeric not null,
    list_cost numeric not null,
    contracted_cost numeric not null
);
create table cost_service_month (like cost_service_day);
create table cost_owner_day (
    tenant text collate "C" not null,
    slice_id bigint not null,
    day date not null,
    owner_ref text collate "C",
    kind text collate "C" not null,
    apart_id bigint,
    currency text collate "C" not null,
    billed_cost numeric not null,
    effective_cost numeric not null,
    list_cost numeric not null,
    contracted_cost numeric not null
);
create table cost_owner_month (like cost_owner_day);
comment on table cost_component_day is 'Sums by slice, day, owner of then, target and mix.';
comment on table cost_service_day is 'Sums by slice, day, owner of then and service.';
comment on table cost_owner_day is 'Sums by slice, day and owner of then.';
comment on column cost_owner_day.apart_id is 'The target, where it stands apart.';
create index cost_component_day_slice on cost_component_day (slice_id);
create index cost_component_day_owner on cost_component_day (tenant, owner_ref, day);
create index cost_component_day_day on cost_component_day (tenant, day);
create index cost_component_month_slice on cost_component_month (slice_id);
create index cost_component_month_owner on cost_component_month (tenant, owner_ref, day);
create index cost_component_month_day on cost_component_month (tenant, day);
create index cost_service_day_slice on cost_service_day (slice_id);
create index cost_service_day_owner on cost_service_day (tenant, owner_ref, day);
create index cost_service_day_day on cost_service_day (tenant, day);
create index cost_service_month_slice on cost_service_month (slice_id);
create index cost_service_month_owner on cost_service_month (tenant, owner_ref, day);
create index cost_service_month_day on cost_service_month (tenant, day);
create index cost_owner_day_slice on cost_owner_day (slice_id);
create index cost_owner_day_owner on cost_owner_day (tenant, owner_ref, day);
create index cost_owner_day_day on cost_owner_day (tenant, day);
create index cost_owner_month_slice on cost_owner_month (slice_id);
create index cost_owner_month_owner on cost_owner_month (tenant, owner_ref, day);
create index cost_owner_month_day on cost_owner_month (tenant, day);
create index cost_component_day_target on cost_component_day (target_id, day);
create index cost_component_month_target on cost_component_month (target_id, day);

create table cost_state (
    tenant text collate "C" primary key references tenant (name),
    version bigint not null default 0,
    rules bytea,
    targets bytea,
    must_look_again boolean not null default false
);
create function cost_must_look_again(of_tenant text) returns boolean
language sql stable
as $$
    select exists (
        select
        from cost_target t
        join entity e on e.tenant = of_tenant and e.ref = t.ref
        where t.tenant = of_tenant and t.kind = 'COMPONENT' and not t.is_apart and e.is_team_only
    )
$$;
comment on function cost_must_look_again is 'A component that not everybody may see stands together with others in sums.';

comment on table cost_state is 'How charges of a tenant stand attributed.';
comment on column cost_state.version is 'Grows with every import and every new attribution.';
comment on column cost_state.targets is 'SHA-256 of what the catalog then said that charges can be for.';
comment on column cost_state.rules is 'SHA-256 of the rules that they were attributed by.';
comment on column cost_state.must_look_again is 'Who may see a component has changed since: sums over several components are not to be used.';
