-- The change log by days, so that old ones go at once instead of row by row. What stands already stays, as one part.
set local statement_timeout = 0;
lock table change_log in access exclusive mode;
create sequence change_log_positions as bigint;
select setval('change_log_positions', last_value, is_called) from change_log_position_seq;

drop trigger change_log_is_told on change_log;
alter table change_log alter column position drop identity;
alter table change_log drop constraint change_log_pkey;
alter table change_log rename to change_log_before;

create table change_log (
    position bigint not null default nextval('change_log_positions'),
    transaction_id xid8 not null default pg_current_xact_id(),
    at timestamptz not null default clock_timestamp(),
    tenant text collate "C" not null,
    topic text not null constraint change_log_topic_check check (topic in ('entity', 'deployment', 'cost', 'source')),
    kind text not null constraint change_log_kind_check check (kind in ('CREATED', 'UPDATED', 'DELETED')),
    object_ref text collate "C" not null,
    object_id uuid not null,
    payload jsonb not null,
    primary key (transaction_id, position, at)
) partition by range (at);
alter sequence change_log_positions owned by change_log.position;
create table change_log_default partition of change_log default;
comment on table change_log is
    'Every change, written in the transaction of the change; append-only. A partition for each day in UTC: the gateway makes those to come and drops old ones.';
comment on table change_log_default is 'What is of no day with a partition, so that no write ever fails; the gateway moves it.';
comment on column change_log.position is 'From one sequence for all partitions: the order of inserts. Readers go by transaction_id, then position.';
comment on column change_log.transaction_id is 'By it a reader tells what a snapshot sees, so that what commits late is read late, and never skipped.';
comment on column change_log.at is 'Only decides on the partition; it is no order.';
comment on column change_log.payload is 'What a reader needs that the object itself may no longer tell.';

do $$
declare
    today date := (clock_timestamp() at time zone 'UTC')::date;
    day date := today;
begin
    if exists (select from change_log_before) then
        -- A reader of its index alone would need no other; the parent's primary key is built anew as it is attached.
        alter table change_log_before drop constraint change_log_topic_check;
        alter table change_log_before add constraint change_log_topic_check
            check (topic in ('entity', 'deployment', 'cost', 'source'));
        select greatest(today, (max(at) at time zone 'UTC')::date) + 1 into day from change_log_before;
        execute format(
            'alter table change_log attach partition change_log_before for values from (minvalue) to (%L)', day || 'T00:00:00Z'
        );
    else
        drop table change_log_before;
    end if;
    while day < today + 3 loop
        execute format(
            'create table %I partition of change_log for values from (%L) to (%L)',
            'change_log_' || to_char(day, 'YYYY_MM_DD'), day || 'T00:00:00Z', day + 1 || 'T00:00:00Z'
        );
        day := day + 1;
    end loop;
end
$$;

create or replace function tell_change_log() returns trigger language plpgsql as $$
begin
    perform pg_notify('weft_changes', w.domain || ' ' || w.tenant)
    from (
        select distinct
            case topic when 'deployment' then 'deployments' when 'cost' then 'cost' when 'source' then 'sources' else 'catalog' end
            as domain,
            tenant
        from written
    ) w;
    return null;
end
$$;
comment on function tell_change_log is 'Tells listeners what of whom has changed, and wakes readers of the log.';

create trigger change_log_is_told after insert on change_log
referencing new table as written for each statement execute function tell_change_log();
