-- trusted_conflicts: ids that stand for another text already, of the same client.
select d.id
from trusted_document d
join unnest($1::text[], $2::text[]) as asked (id, hash) on asked.id = d.id
where d.hash <> asked.hash
    and d.client is not distinct from $3
order by d.id
limit 10
