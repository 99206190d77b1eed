//! Which objects of a resource there are at a snapshot.
//!
//! They come from sources: one per app, and one for what belongs to the cluster. A watch asks each source when it changes
//! next, and looks again only then.

use chrono::{DateTime, Utc};

use super::{
    World, cluster,
    draft::Draft,
    moment::Moment,
    object,
    resource::{Resource, What},
    version::Snapshot,
};

/// Where objects come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Cluster,
    App { namespace: String, name: String },
}

/// The objects of one source at `at`, and when they change next.
pub(super) fn of_source<'a>(
    world: &'a World,
    resource: &Resource,
    source: &Source,
    (at, generation): (DateTime<Utc>, u64),
) -> (Vec<Draft<'a>>, Option<DateTime<Utc>>) {
    let moment = Moment::new(at);
    let drafts = match source {
        Source::Cluster => cluster::drafts(world, resource.what, generation, &moment),
        Source::App { namespace, name } => world.entry(namespace, name, generation).map_or_else(Vec::new, |entry| {
            let mut drafts = object::drafts(&entry.app, resource.what, &moment);
            if let Some(put) = entry.put {
                // The change that brought it is newer than anything in its invented past.
                drafts.iter_mut().for_each(|draft| draft.version = draft.version.max(put.number()));
            }
            drafts
        }),
    };
    (drafts, moment.next())
}

/// The sources of a resource.
pub(super) fn sources(world: &World, resource: &Resource, namespace: Option<&str>, generation: u64) -> Vec<Source> {
    match resource.what {
        What::Namespace | What::Project | What::ClusterVersion => vec![Source::Cluster],
        What::Nothing => Vec::new(),
        _ => {
            let apps = world.entries(namespace, generation).map(|entry| &entry.app);
            apps.map(|app| Source::App { namespace: app.namespace.clone(), name: app.name.clone() }).collect()
        }
    }
}

/// All objects of a resource, in the order of their keys.
pub(super) fn all<'a>(
    world: &'a World,
    resource: &Resource,
    namespace: Option<&str>,
    snapshot: Snapshot,
) -> Vec<Draft<'a>> {
    let at = (snapshot.at, snapshot.generation);
    let sources = sources(world, resource, namespace, snapshot.generation);
    let mut drafts: Vec<_> = sources.iter().flat_map(|source| of_source(world, resource, source, at).0).collect();
    drafts.sort_by(|one, other| one.key().cmp(&other.key()));
    drafts
}
