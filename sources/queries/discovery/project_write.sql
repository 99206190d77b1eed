-- project_write
insert into discovered_project (
    tenant, group_path, project_id, full_path, target, covers, active_at, content_hash, is_declaring, look_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (tenant, group_path, project_id) do update set
    full_path = excluded.full_path,
    target = excluded.target,
    covers = excluded.covers,
    active_at = excluded.active_at,
    content_hash = excluded.content_hash,
    is_declaring = excluded.is_declaring,
    look_at = excluded.look_at
