//! Arguments and input fields. What a client sends today must be taken tomorrow: a type may become laxer, and nothing new may
//! be required.

use apollo_compiler::{
    Name, Node,
    ast::{InputValueDefinition, Type},
};

use super::Changes;

/// Compares inputs of one place; `kind` is what they are called there.
pub(super) fn compare(
    place: &dyn Fn(&Name) -> String,
    kind: &str,
    before: &[Node<InputValueDefinition>],
    after: &[Node<InputValueDefinition>],
    changes: &mut Changes,
) {
    for old in before {
        let Some(new) = after.iter().find(|new| new.name == old.name) else {
            changes.breaking(place(&old.name), format!("{kind} removed"));
            continue;
        };
        if !is_safe(&old.ty, &new.ty) {
            changes.breaking(place(&old.name), format!("type changed from {} to {}", old.ty, new.ty));
        } else if new.is_required() && !old.is_required() {
            changes.breaking(place(&old.name), format!("{kind} is required now: it has no default any more"));
        } else if old.default_value != new.default_value {
            let shown = |input: &InputValueDefinition| match &input.default_value {
                Some(value) => value.to_string(),
                None => "none".to_owned(),
            };
            changes.dangerous(place(&old.name), format!("default changed from {} to {}", shown(old), shown(new)));
        }
    }
    for new in after.iter().filter(|new| new.is_required() && before.iter().all(|old| old.name != new.name)) {
        changes.breaking(place(&new.name), format!("required {kind} added"));
    }
}

/// Whether what was sent as `before` is taken as `after`.
fn is_safe(before: &Type, after: &Type) -> bool {
    match (before, after) {
        (Type::Named(before) | Type::NonNullNamed(before), Type::Named(after))
        | (Type::NonNullNamed(before), Type::NonNullNamed(after)) => before == after,
        (Type::List(before) | Type::NonNullList(before), Type::List(after))
        | (Type::NonNullList(before), Type::NonNullList(after)) => is_safe(before, after),
        // A default stands in where nothing was sent, but not where null was.
        _ => false,
    }
}
