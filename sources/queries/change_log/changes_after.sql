-- changes_after
-- What a snapshot sees ($1, or that of now) and another one did not: nothing from $2 on, and of before not what ran then ($3).
-- Of that what follows a row. Each part is read along the index, and no more of it than is asked for.
with bounds as (
    select coalesce($1::text::pg_snapshot, pg_current_snapshot()) as until
)
select
    b.until::text as until,
    l.transaction_id::text as transaction_id,
    l.position,
    l.at,
    l.tenant,
    l.topic,
    l.kind,
    l.object_ref,
    l.object_id,
    l.payload
from bounds b
left join lateral (
    select *
    from (
        (
            select late.*
            from unnest($3::text[]::xid8[]) as running (transaction_id)
            cross join lateral (
                select *
                from change_log c
                where c.transaction_id = running.transaction_id
                    and (c.transaction_id, c.position) > ($4::text::xid8, $5)
                    and c.topic = any($6)
                order by c.transaction_id, c.position
                limit $7
            ) late
            where pg_visible_in_snapshot(running.transaction_id, b.until)
        )
        union all
        (
            select *
            from change_log c
            where c.transaction_id >= $2::text::xid8
                and c.transaction_id < pg_snapshot_xmax(b.until)
                and (c.transaction_id, c.position) > ($4::text::xid8, $5)
                and pg_visible_in_snapshot(c.transaction_id, b.until)
                and c.topic = any($6)
            order by c.transaction_id, c.position
            limit $7
        )
    ) c
    order by c.transaction_id, c.position
    limit $7
) l on true
order by l.transaction_id, l.position
