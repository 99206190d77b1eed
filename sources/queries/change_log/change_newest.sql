-- change_newest
select
    (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1)::text as transaction_id
