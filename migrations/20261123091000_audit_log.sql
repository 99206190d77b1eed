create table audit_log (
    id uuid primary key,
    tenant text collate "C" not null references tenant (name),
    position bigint not null,
    at timestamptz not null,
    subject text not null,
    action text not null,
    target text,
    decision text not null check (decision in ('ALLOWED', 'DENIED')),
    error_code text,
    operation_name text,
    document_hash text,
    variables_fingerprint text,
    cost integer,
    request_id text,
    hash text not null,
    previous_hash text,
    unique (tenant, position)
);
create index audit_log_subject on audit_log (tenant, subject, position desc);
create index audit_log_action on audit_log (tenant, action, position desc);
create index audit_log_target on audit_log (tenant, target, position desc) where target is not null;
create index audit_log_request on audit_log (tenant, request_id) where request_id is not null;

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'audit records are never changed';
end
$$;
create trigger audit_log_is_append_only before update or delete on audit_log
    for each row execute function refuse_audit_change();
create trigger audit_log_is_not_emptied before truncate on audit_log
    for each statement execute function refuse_audit_change();
comment on table audit_log is 'Who did what, with what result. A chain for each tenant: a record holds the hash of the one before.';
comment on column audit_log.position is 'Place in the tenant''s chain, without gaps, from 1.';
