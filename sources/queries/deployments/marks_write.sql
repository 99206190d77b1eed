-- marks_write
insert into sync_mark (tenant, source_name, part, read_to, since, cursor, covers, read_at)
select $1, $2, m.part, m.read_to, m.since, m.cursor, m.covers, now()
from unnest($3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[])
    as m(part, read_to, since, cursor, covers)
on conflict (tenant, source_name, part) do update set
    read_to = excluded.read_to,
    since = excluded.since,
    cursor = excluded.cursor,
    covers = excluded.covers,
    read_at = excluded.read_at
