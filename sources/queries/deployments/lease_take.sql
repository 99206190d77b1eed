-- lease_take
insert into sync_lease (source_name, holder, fence, held_until)
values ($1, $2, 1, clock_timestamp() + $3 * interval '1 millisecond')
on conflict (source_name) do update set
    holder = excluded.holder,
    fence = sync_lease.fence + case when sync_lease.holder = excluded.holder then 0 else 1 end,
    held_until = excluded.held_until
where sync_lease.holder = excluded.holder or sync_lease.held_until < clock_timestamp()
returning fence
