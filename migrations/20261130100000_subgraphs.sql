create table subgraph (
    name text collate "C" primary key check (name ~ '^[a-z][a-z0-9_-]{0,39}$' and name <> 'weft'),
    url text collate "C" not null check (url ~ '^https?://'),
    sdl text not null,
    sdl_hash text collate "C" not null check (sdl_hash ~ '^[0-9a-f]{64}$'),
    owner text collate "C" check (owner <> ''),
    version bigint not null,
    published_at timestamptz not null,
    published_by text not null
);
comment on table subgraph is 'GraphQL services of teams that are part of the graph, each as it was published last. They are the installation''s and no tenant''s.';
comment on column subgraph.sdl is 'Its SDL with the directives of federation.';
comment on column subgraph.sdl_hash is 'SHA-256 of the SDL, in hexadecimal.';
comment on column subgraph.owner is 'Reference of the entity that answers for it.';
comment on column subgraph.version is 'Version of the supergraph that this publication made.';

create table supergraph_version (
    is_only boolean primary key default true check (is_only),
    version bigint not null
);
insert into supergraph_version (version) values (0);
comment on table supergraph_version is 'One row. Whoever changes the subgraphs raises the version in the same transaction; gateways read anew when it differs.';

create function raise_supergraph_version() returns trigger language plpgsql as $$
begin
    update supergraph_version set version = version + 1;
    return null;
end
$$;
comment on function raise_supergraph_version is 'Also for changes by hand: a subgraph that was removed must be gone everywhere.';

-- For each row: a statement that inserts or updates would raise it twice.
create trigger subgraph_is_versioned after insert or update or delete on subgraph
for each row execute function raise_supergraph_version();
create trigger subgraphs_are_emptied after truncate on subgraph
for each statement execute function raise_supergraph_version();
