-- subgraph_publish
-- A subgraph in place of the one with its name; nothing where it is the same.
insert into subgraph as old (name, url, sdl, sdl_hash, owner, version, published_at, published_by)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (name) do update
set url = excluded.url, sdl = excluded.sdl, sdl_hash = excluded.sdl_hash, owner = excluded.owner, version = excluded.version,
    published_at = excluded.published_at, published_by = excluded.published_by
where (old.url, old.sdl_hash, old.owner) is distinct from (excluded.url, excluded.sdl_hash, excluded.owner);
