//! Types that are gone or have become something else, and what each kind of type consists of.

use apollo_compiler::{
    Name, Schema,
    collections::IndexSet,
    schema::{ComponentName, ExtendedType},
};

use super::{Changes, input, output};

pub(super) fn compare(old: &Schema, new: &Schema, changes: &mut Changes) {
    let roots = |schema: &Schema| {
        let definition = &schema.schema_definition;
        [&definition.query, &definition.mutation, &definition.subscription]
            .map(|root| root.as_ref().map(|name| name.name.clone()))
    };
    for (kind, (before, after)) in
        ["query", "mutation", "subscription"].into_iter().zip(roots(old).into_iter().zip(roots(new)))
    {
        match (before, after) {
            (Some(before), None) => changes.breaking(before.as_str(), format!("is no longer the type of every {kind}")),
            (Some(before), Some(after)) if before != after => {
                changes.breaking(before.as_str(), format!("is no longer the type of every {kind}: {after} is"));
            }
            _ => {}
        }
    }
    for (name, before) in old.types.iter().filter(|(_, definition)| !definition.is_built_in()) {
        match new.types.get(name) {
            Some(after) => compare_type(name, before, after, changes),
            None => changes.breaking(name.as_str(), "type removed"),
        }
    }
}

fn compare_type(name: &Name, before: &ExtendedType, after: &ExtendedType, changes: &mut Changes) {
    match (before, after) {
        (ExtendedType::Scalar(_), ExtendedType::Scalar(_)) => {}
        (ExtendedType::Object(before), ExtendedType::Object(after)) => {
            implemented(name, &before.implements_interfaces, &after.implements_interfaces, changes);
            output::compare(name, &before.fields, &after.fields, changes);
        }
        (ExtendedType::Interface(before), ExtendedType::Interface(after)) => {
            implemented(name, &before.implements_interfaces, &after.implements_interfaces, changes);
            output::compare(name, &before.fields, &after.fields, changes);
        }
        (ExtendedType::Union(before), ExtendedType::Union(after)) => {
            for member in missing(&before.members, &after.members) {
                changes.breaking(name.as_str(), format!("member {member} removed"));
            }
            for member in missing(&after.members, &before.members) {
                changes.dangerous(name.as_str(), format!("member {member} added"));
            }
        }
        (ExtendedType::Enum(before), ExtendedType::Enum(after)) => {
            for value in before.values.keys().filter(|value| !after.values.contains_key(*value)) {
                changes.breaking(format!("{name}.{value}"), "enum value removed");
            }
            for value in after.values.keys().filter(|value| !before.values.contains_key(*value)) {
                changes.dangerous(format!("{name}.{value}"), "enum value added");
            }
        }
        (ExtendedType::InputObject(before), ExtendedType::InputObject(after)) => {
            if after.directives.has("oneOf") && !before.directives.has("oneOf") {
                changes.breaking(name.as_str(), "takes exactly one field now (@oneOf)");
            }
            let place = |field: &Name| format!("{name}.{field}");
            let fields = |type_: &apollo_compiler::schema::InputObjectType| {
                type_.fields.values().map(|field| field.node.clone()).collect::<Vec<_>>()
            };
            input::compare(&place, "input field", &fields(before), &fields(after), changes);
        }
        (before, after) => {
            changes.breaking(name.as_str(), format!("was {}, is {}", kind(before), kind(after)));
        }
    }
}

fn kind(definition: &ExtendedType) -> &'static str {
    match definition {
        ExtendedType::Scalar(_) => "a scalar",
        ExtendedType::Object(_) => "an object type",
        ExtendedType::Interface(_) => "an interface",
        ExtendedType::Union(_) => "a union",
        ExtendedType::Enum(_) => "an enum",
        ExtendedType::InputObject(_) => "an input object",
    }
}

fn implemented(name: &Name, before: &IndexSet<ComponentName>, after: &IndexSet<ComponentName>, changes: &mut Changes) {
    for interface in missing(before, after) {
        changes.breaking(name.as_str(), format!("no longer implements {interface}"));
    }
    for interface in missing(after, before) {
        changes.dangerous(name.as_str(), format!("implements {interface} now"));
    }
}

/// Those of `some` that `others` lack. By name alone: where an extension stands does not matter.
fn missing<'a>(some: &'a IndexSet<ComponentName>, others: &IndexSet<ComponentName>) -> impl Iterator<Item = &'a Name> {
    some.iter().map(|one| &one.name).filter(|one| others.iter().all(|other| other.name != **one))
}
