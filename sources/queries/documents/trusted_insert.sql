-- trusted_insert: those that are not there yet.
insert into trusted_document (hash, id, client, text, cost, published_at, published_by)
select asked.hash, asked.id, $5, asked.text, asked.cost, $6, $7
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as asked (hash, id, text, cost)
on conflict do nothing
