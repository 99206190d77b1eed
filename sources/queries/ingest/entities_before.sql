-- entities_before
select
    id,
    kind,
    namespace,
    name,
    type,
    lifecycle,
    owner_ref,
    system_ref,
    tags,
    labels,
    annotations,
    orphaned_at is not null as is_orphan,
    is_team_only,
    guardian_ref,
    jsonb_build_object(
        'apiVersion', api_version,
        'kind', kind,
        'metadata', jsonb_build_object(
            'namespace', namespace,
            'name', name,
            'title', title,
            'description', description,
            'labels', labels,
            'annotations', annotations,
            'tags', to_jsonb(tags),
            'links', links
        ),
        'spec', spec,
        'isOrphan', orphaned_at is not null
    ) as document
from entity
where id = any($1)
