-- scan_write
insert into discovery_scan (tenant, group_path, covers, seen_to, whole_at, scanned_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (tenant, group_path) do update set
    covers = excluded.covers,
    seen_to = excluded.seen_to,
    whole_at = excluded.whole_at,
    scanned_at = excluded.scanned_at
