-- scan_read
select covers, seen_to, whole_at, scanned_at
from discovery_scan
where tenant = $1 and group_path = $2
