-- marks_write
insert into sync_mark (tenant, source_name, part, read_to, since, covers, read_at)
select $1, $2, m.part, m.read_to, m.since, m.covers, now()
from unnest($3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[]) as m(part, read_to, since, covers)
on conflict (tenant, source_name, part) do update set
    read_to = excluded.read_to,
    since = excluded.since,
    covers = excluded.covers,
    read_at = excluded.read_at
