//! Fields of objects and interfaces. A client can take less than it asked for, never something else: a type may become stricter.

use apollo_compiler::{
    Name,
    ast::Type,
    collections::IndexMap,
    schema::{Component, FieldDefinition},
};

use super::{Changes, input};

type Fields = IndexMap<Name, Component<FieldDefinition>>;

pub(super) fn compare(name: &Name, before: &Fields, after: &Fields, changes: &mut Changes) {
    for (field, before) in before {
        let Some(after) = after.get(field) else {
            changes.breaking(format!("{name}.{field}"), "field removed");
            continue;
        };
        if !is_safe(&before.ty, &after.ty) {
            changes.breaking(format!("{name}.{field}"), format!("type changed from {} to {}", before.ty, after.ty));
        }
        let place = |argument: &Name| format!("{name}.{field}({argument}:)");
        input::compare(&place, "argument", &before.arguments, &after.arguments, changes);
    }
}

/// Whether whoever expects `before` can take what is `after`.
fn is_safe(before: &Type, after: &Type) -> bool {
    match (before, after) {
        (Type::Named(before), Type::Named(after) | Type::NonNullNamed(after))
        | (Type::NonNullNamed(before), Type::NonNullNamed(after)) => before == after,
        (Type::List(before), Type::List(after) | Type::NonNullList(after))
        | (Type::NonNullList(before), Type::NonNullList(after)) => is_safe(before, after),
        _ => false,
    }
}
