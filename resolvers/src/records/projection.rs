//! What has to be read for a selection: the bodies of entities are most of their bytes, and few lists need them.

use async_graphql::{
    Positioned,
    parser::types::{Field, Selection, SelectionSet},
};
use sources::postgres::Projection;

/// Fields that every type answers without the body of the entity. Whatever is not here is taken to need it.
const WITHOUT_BODY: [&str; 26] = [
    "__typename",
    "id",
    "ref",
    "kind",
    "namespace",
    "name",
    "title",
    "description",
    "type",
    "lifecycle",
    "ownerRef",
    "owner",
    "systemRef",
    "system",
    "isOrphan",
    "createdAt",
    "updatedAt",
    "processingErrors",
    "relations",
    "history",
    "dependsOn",
    "dependents",
    "providesApis",
    "consumesApis",
    "members",
    "owns",
];

/// Whether a selection on entities needs their bodies.
pub fn needs_body(set: &SelectionSet) -> bool {
    set.items.iter().any(|item| match &item.node {
        Selection::Field(field) => !WITHOUT_BODY.contains(&field.node.name.node.as_str()),
        Selection::InlineFragment(fragment) => needs_body(&fragment.node.selection_set.node),
        // Nobody has looked what is in it.
        Selection::FragmentSpread(_) => true,
    })
}

/// What a page of entities needs, from the selection on its connection; none when no page is selected at all.
pub fn of_connection(field: &Positioned<Field>) -> Option<Projection> {
    let mut projection = None;
    add_connection(&field.node.selection_set.node, &mut projection);
    projection
}

fn add_connection(set: &SelectionSet, projection: &mut Option<Projection>) {
    for item in &set.items {
        let field = match &item.node {
            Selection::Field(field) => field,
            Selection::InlineFragment(fragment) => {
                add_connection(&fragment.node.selection_set.node, projection);
                continue;
            }
            Selection::FragmentSpread(_) => {
                *projection = Some(Projection::WHOLE);
                continue;
            }
        };
        let below = &field.node.selection_set.node;
        match field.node.name.node.as_str() {
            "pageInfo" => add(projection, false, false),
            "nodes" => add(projection, needs_body(below), false),
            "edges" => add_edges(below, projection),
            _ => {}
        }
    }
}

fn add_edges(set: &SelectionSet, projection: &mut Option<Projection>) {
    add(projection, false, false);
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => match field.node.name.node.as_str() {
                "cursor" => add(projection, false, true),
                "node" => add(projection, needs_body(&field.node.selection_set.node), false),
                _ => {}
            },
            Selection::InlineFragment(fragment) => add_edges(&fragment.node.selection_set.node, projection),
            Selection::FragmentSpread(_) => add(projection, true, true),
        }
    }
}

fn add(projection: &mut Option<Projection>, body: bool, cursors: bool) {
    let before = projection.unwrap_or(Projection { body: false, cursors: false });
    *projection = Some(Projection { body: before.body || body, cursors: before.cursors || cursors });
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn of(text: &str) -> Option<Projection> {
        let document = parse_query(format!("{{ components {text} }}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else { panic!("a field") };
        of_connection(field)
    }

    #[test]
    fn only_what_is_selected_is_read() {
        let some = |body, cursors| Some(Projection { body, cursors });
        assert_eq!(of("{ totalCount }"), None);
        assert_eq!(of("{ pageInfo { endCursor } }"), some(false, false));
        assert_eq!(of("{ nodes { ref owner { name } } }"), some(false, false));
        assert_eq!(of("{ nodes { ref tags } }"), some(true, false));
        assert_eq!(of("{ nodes { ... on Component { repository { path } } } }"), some(true, false));
        assert_eq!(of("{ edges { cursor node { ref } } }"), some(false, true));
        assert_eq!(of("{ edges { node { spec } } nodes { ref } }"), some(true, false));
        assert_eq!(of("{ nodes { aFieldOfTomorrow } }"), some(true, false));
    }
}
