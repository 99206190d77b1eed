-- processing_errors_insert
insert into processing_error (
    id, tenant, location_id, fingerprint, entity_ref, is_team_only, guardian_ref, message, target, line, "column", since
)
select
    r.id, $2, $3, decode(r.fingerprint, 'hex'), r.entity_ref, r.is_team_only, r.guardian_ref, r.message, r.target,
    r.line, r."column", $4
from unnest($1::jsonb[]) as input(document)
cross join lateral jsonb_to_record(input.document) as r(
    id uuid, fingerprint text, entity_ref text, is_team_only boolean, guardian_ref text, message text, target text,
    line integer, "column" integer
)
on conflict (location_id, fingerprint) do update set line = excluded.line, "column" = excluded."column"
