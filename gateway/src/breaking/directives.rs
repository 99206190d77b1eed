//! Directives that documents may carry, with their arguments and the places where they may stand.

use apollo_compiler::{Name, Schema};

use super::{Changes, input};

pub(super) fn compare(old: &Schema, new: &Schema, changes: &mut Changes) {
    for (name, before) in &old.directive_definitions {
        let Some(after) = new.directive_definitions.get(name) else {
            changes.breaking(format!("@{name}"), "directive removed");
            continue;
        };
        if before.repeatable && !after.repeatable {
            changes.breaking(format!("@{name}"), "may stand only once in a place");
        }
        for location in before.locations.iter().filter(|location| !after.locations.contains(location)) {
            changes.breaking(format!("@{name}"), format!("may no longer stand on {}", location.name()));
        }
        let place = |argument: &Name| format!("@{name}({argument}:)");
        input::compare(&place, "argument", &before.arguments, &after.arguments, changes);
    }
}
