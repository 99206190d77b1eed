-- change_log_parts
select
    c.relname::text as name,
    (regexp_match(b.bounds, 'FROM \(''([^'']+)''\)'))[1]::timestamptz as starts_at,
    (regexp_match(b.bounds, 'TO \(''([^'']+)''\)'))[1]::timestamptz as ends_at,
    coalesce(pg_total_relation_size(c.oid), 0) as bytes
from pg_inherits i
join pg_class c on c.oid = i.inhrelid
cross join lateral (select pg_get_expr(c.relpartbound, c.oid) as bounds) b
where i.inhparent = 'change_log'::regclass
order by 3 nulls last
