-- trusted_documents: the newest that fit into so many and so many bytes, and how many there are. An id and a client more of a
-- text count as another.
select hash, id, client, text, cost, total
from (
    select
        hash, id, client, text, cost,
        count(*) over () as total,
        row_number() over newest as place,
        sum(octet_length(text)) over newest as bytes
    from trusted_document
    window newest as (
        order by published_at desc, hash, coalesce(id, ''), coalesce(client, '')
        rows between unbounded preceding and current row
    )
) numbered
where place <= $1
    and bytes <= $2
order by place
