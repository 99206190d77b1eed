//! What has to be read for a selection: the bodies of entities are most of their bytes, and few lists need more than some texts.

use async_graphql::{
    Positioned,
    parser::types::{Field, Selection, SelectionSet},
};
use sources::postgres::{Columns, Projection};

use super::live::is_live;

/// What the fields that every type answers without the body of the entity need. Whatever is not here is taken to need all.
fn columns_of(field: &str) -> Columns {
    match field {
        "__typename" | "ref" | "deployments" | "environments" | "delivery" => Columns::NONE,
        "id" => Columns::ID,
        "kind" | "namespace" => Columns::KIND,
        "name" => Columns::NAME,
        "title" => Columns::TITLE,
        "description" => Columns::DESCRIPTION,
        "type" | "lifecycle" => Columns::TYPE,
        "ownerRef" | "owner" => Columns::OWNER,
        "systemRef" | "system" => Columns::SYSTEM,
        "isOrphan" => Columns::ORPHAN,
        "createdAt" | "updatedAt" => Columns::TIMES,
        "processingErrors" | "relations" | "history" | "dependsOn" | "dependents" | "providesApis" | "consumesApis"
        | "members" | "owns" => Columns::HEAD,
        "annotations" => Columns::ANNOTATIONS,
        field if is_live(field) => Columns::ANNOTATIONS,
        _ => Columns::ALL,
    }
}

/// What of entities a selection on them needs.
pub fn columns(set: &SelectionSet) -> Columns {
    let of_item = |item: &Positioned<Selection>| match &item.node {
        Selection::Field(field) => columns_of(&field.node.name.node),
        Selection::InlineFragment(fragment) => columns(&fragment.node.selection_set.node),
        // Nobody has looked what is in it.
        Selection::FragmentSpread(_) => Columns::ALL,
    };
    set.items.iter().fold(Columns::NONE, |columns, item| columns.and(of_item(item)))
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
            "pageInfo" => add(projection, Columns::NONE, false),
            "nodes" => add(projection, columns(below), false),
            "edges" => add_edges(below, projection),
            _ => {}
        }
    }
}

fn add_edges(set: &SelectionSet, projection: &mut Option<Projection>) {
    add(projection, Columns::NONE, false);
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => match field.node.name.node.as_str() {
                "cursor" => add(projection, Columns::NONE, true),
                "node" => add(projection, columns(&field.node.selection_set.node), false),
                _ => {}
            },
            Selection::InlineFragment(fragment) => add_edges(&fragment.node.selection_set.node, projection),
            Selection::FragmentSpread(_) => add(projection, Columns::ALL, true),
        }
    }
}

fn add(projection: &mut Option<Projection>, columns: Columns, cursors: bool) {
    let before = projection.unwrap_or(Projection { columns: Columns::NONE, cursors: false });
    *projection = Some(Projection { columns: before.columns.and(columns), cursors: before.cursors || cursors });
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
        let some = |columns, cursors| Some(Projection { columns, cursors });
        let owner_title = Columns::OWNER.and(Columns::TITLE);
        assert_eq!(of("{ totalCount }"), None);
        assert_eq!(of("{ pageInfo { endCursor } }"), some(Columns::NONE, false));
        assert_eq!(of("{ nodes { ref title owner { name } } }"), some(owner_title, false));
        assert_eq!(of("{ nodes { ref tags } }"), some(Columns::ALL, false));
        assert_eq!(of("{ nodes { ... on Component { repository { path } } } }"), some(Columns::ANNOTATIONS, false));
        assert_eq!(of("{ edges { cursor node { ref } } }"), some(Columns::NONE, true));
        assert_eq!(of("{ edges { node { spec } } nodes { ref } }"), some(Columns::ALL, false));
        assert_eq!(of("{ nodes { aFieldOfTomorrow } }"), some(Columns::ALL, false));
    }
}
