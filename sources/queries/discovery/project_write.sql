-- project_write
insert into discovered_project (
    tenant, group_path, project_id, location, full_path, page, covers, active_at, content_hash, blob_id, is_declaring, failures,
    look_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (tenant, project_id) do update set
    group_path = excluded.group_path,
    location = excluded.location,
    full_path = excluded.full_path,
    page = excluded.page,
    covers = excluded.covers,
    active_at = excluded.active_at,
    content_hash = excluded.content_hash,
    blob_id = excluded.blob_id,
    is_declaring = excluded.is_declaring,
    failures = excluded.failures,
    look_at = excluded.look_at
