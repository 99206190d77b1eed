create table trusted_document (
    hash text collate "C" not null check (hash ~ '^[0-9a-f]{64}$'),
    id text collate "C" check (id <> ''),
    client text collate "C" check (client <> ''),
    text text not null,
    cost bigint not null,
    published_at timestamptz not null,
    published_by text not null
);
create unique index trusted_document_key on trusted_document (hash, coalesce(id, ''), coalesce(client, ''));
create unique index trusted_document_id on trusted_document (id, coalesce(client, '')) where id is not null;
comment on table trusted_document is 'Documents that were published: those that clients in the mode `only` may execute.';
comment on column trusted_document.hash is 'SHA-256 of the text, in hexadecimal.';
comment on column trusted_document.id is 'What a manifest calls it, where that is not the hash: clients may send either.';
comment on column trusted_document.client is 'The only client that may use it, by the name it sends; none: any.';
comment on column trusted_document.cost is 'Points of its dearest operation, with the defaults of its variables, at publication.';

create table trusted_version (
    is_only boolean primary key default true check (is_only),
    version bigint not null
);
insert into trusted_version (version) values (0);
comment on table trusted_version is 'One row. Whoever changes the published documents raises the version in the same transaction; readers read anew when it differs.';

create function raise_trusted_version() returns trigger language plpgsql as $$
begin
    update trusted_version set version = version + 1;
    return null;
end
$$;
comment on function raise_trusted_version is 'Also for changes by hand: withdrawn documents must be gone everywhere.';

create trigger trusted_document_is_versioned after insert or update or delete or truncate on trusted_document
for each statement execute function raise_trusted_version();
