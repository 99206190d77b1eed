-- deliveries_insert
with room as (
    select count(*) < $7 as has_room
    from (select from webhook_delivery where state = 'pending' and source = $1 limit $7) as pending
),
written as (
    insert into webhook_delivery (id, source, dedup_key, object_key, kind, hint, received_at, next_attempt_at)
    select distinct on (d.dedup_key) d.id, $1, d.dedup_key, d.object_key, d.kind, d.hint, now(), now()
    from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[]) as d(id, dedup_key, object_key, kind, hint)
    where (select has_room from room)
    -- One that was given up and is sent again is tried again.
    on conflict (source, dedup_key) do update
        set state = 'pending', attempts = 0, next_attempt_at = now(), settled_at = null
        where webhook_delivery.state = 'quarantined'
    returning id
)
select (select has_room from room), (select count(*) from written)
