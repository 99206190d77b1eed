-- live_publish: annotates components with a number each, and tells the change log so, as an import would
with changed as (
    update entity e
    set annotations = jsonb_build_object('mark-' || m.mark, 'x'), updated_at = clock_timestamp()
    from unnest($2::text[], $3::int[]) as m(ref, mark)
    where e.tenant = $1 and e.ref = m.ref
    returning
        e.ref,
        e.id,
        m.mark,
        jsonb_build_object(
            'kind', e.kind,
            'namespace', e.namespace,
            'name', e.name,
            'type', e.type,
            'lifecycle', e.lifecycle,
            'ownerRef', e.owner_ref,
            'systemRef', e.system_ref,
            'tags', to_jsonb(e.tags),
            'isOrphan', false,
            'isTeamOnly', e.is_team_only,
            'guardianRef', e.guardian_ref,
            'labels', e.labels,
            'annotations', e.annotations
        ) as facts
)
insert into change_log (tenant, topic, kind, object_ref, object_id, payload)
select $1, 'entity', 'UPDATED', ref, id,
    facts || jsonb_build_object(
        'before', facts, 'healed', false, 'changedFields', jsonb_build_array('metadata.annotations.mark-' || mark)
    )
from changed
order by mark
