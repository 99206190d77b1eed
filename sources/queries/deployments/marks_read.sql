-- marks_read
select part, read_to, since, cursor, covers, read_at
from sync_mark
where tenant = $1 and source_name = $2
