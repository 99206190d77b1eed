-- Replicas keep answers and listen on the channel `weft_changes` for what ends them: `<domain> <tenant>`, told with the commit.
-- Equal signals of one transaction are one.

create function tell_change_log() returns trigger language plpgsql as $$
begin
    perform pg_notify('weft_changes', w.domain || ' ' || w.tenant)
    from (
        select distinct case topic when 'deployment' then 'deployments' else 'catalog' end as domain, tenant
        from written
    ) w;
    return null;
end
$$;
comment on function tell_change_log is 'Tells listeners whose catalog or deployments have changed.';

create trigger change_log_is_told after insert on change_log
referencing new table as written for each statement execute function tell_change_log();

create function tell_processing_errors() returns trigger language plpgsql as $$
begin
    perform pg_notify('weft_changes', 'catalog ' || w.tenant) from (select distinct tenant from written) w;
    return null;
end
$$;
comment on function tell_processing_errors is 'Processing errors are shown with entities and have no line in the change log.';

create trigger processing_error_insert_is_told after insert on processing_error
referencing new table as written for each statement execute function tell_processing_errors();
create trigger processing_error_update_is_told after update on processing_error
referencing new table as written for each statement execute function tell_processing_errors();
create trigger processing_error_delete_is_told after delete on processing_error
referencing old table as written for each statement execute function tell_processing_errors();

create function tell_cost_state() returns trigger language plpgsql as $$
begin
    perform pg_notify('weft_changes', 'cost ' || new.tenant);
    return null;
end
$$;
comment on function tell_cost_state is 'Every import and every new attribution raises the version of its tenant.';

create trigger cost_state_is_told after insert or update on cost_state
for each row execute function tell_cost_state();

create function tell_location() returns trigger language plpgsql as $$
begin
    perform pg_notify('weft_changes', 'catalog ' || coalesce(new.tenant, old.tenant));
    return null;
end
$$;
comment on function tell_location is 'Which errors belong to which location follows from its parent.';

create trigger location_is_told after insert or delete or update of parent_ref, ref on location
for each row execute function tell_location();
