//! What several define: a type is of one kind everywhere, and nothing of Weft's own gets lost because another knows less of it.
//! The composition library keeps of inputs and arguments what all have, and lets most kinds pass.

use std::collections::BTreeMap;

use apollo_compiler::{
    Schema,
    schema::{ExtendedType, FieldDefinition},
};
use sources::postgres::SubgraphRecord;

use super::{Diagnostic, OWN};

/// What speaks against these together with Weft's own schema.
pub fn problems(own_sdl: &str, subgraphs: &[SubgraphRecord]) -> Vec<Diagnostic> {
    let own = schema(own_sdl);
    let mut known: BTreeMap<String, (&str, &str)> =
        own.types.iter().map(|(name, ty)| (name.to_string(), (OWN, kind(ty)))).collect();
    let mut problems = Vec::new();
    for subgraph in subgraphs {
        let theirs = schema(&subgraph.sdl);
        let mut tell = |place: String, message: String| {
            problems.push(Diagnostic::of(&subgraph.name, message).at(place));
        };
        for (name, ty) in theirs.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
            let (of, before) = *known.entry(name.to_string()).or_insert((&subgraph.name, kind(ty)));
            if before != kind(ty) {
                tell(name.to_string(), format!("is {} here and {before} in {of}: give it another name", kind(ty)));
                continue;
            }
            match (own.types.get(name), ty) {
                (Some(ExtendedType::InputObject(own)), ExtendedType::InputObject(theirs)) => {
                    for field in own.fields.keys().filter(|field| !theirs.fields.contains_key(*field)) {
                        tell(format!("{name}.{field}"), "is missing, and of Weft's own input: add it".to_owned());
                    }
                }
                (Some(ExtendedType::Enum(own_enum)), ExtendedType::Enum(values)) if is_input(&own, name) => {
                    for value in own_enum.values.keys().filter(|value| !values.values.contains_key(*value)) {
                        tell(format!("{name}.{value}"), "is missing, and of Weft's own enum: add it".to_owned());
                    }
                }
                (Some(ExtendedType::Object(own)), ExtendedType::Object(object)) => {
                    for (field, definition) in &own.fields {
                        let Some(theirs) = object.fields.get(field) else { continue };
                        for argument in missing(definition, theirs) {
                            let place = format!("{name}.{field}.{argument}");
                            tell(place, "is missing, and an argument of Weft's own field: add it".to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
    }
    problems
}

fn missing<'a>(own: &'a FieldDefinition, theirs: &'a FieldDefinition) -> impl Iterator<Item = &'a str> {
    let lacks = |name: &str| !theirs.arguments.iter().any(|known| known.name == name);
    own.arguments.iter().map(|argument| argument.name.as_str()).filter(move |name| lacks(name))
}

/// Whether clients send it: only then are values lost that another does not know.
fn is_input(schema: &Schema, name: &str) -> bool {
    schema.types.values().any(|ty| match ty {
        ExtendedType::InputObject(input) => input.fields.values().any(|it| it.ty.inner_named_type() == name),
        ExtendedType::Object(object) => {
            let mut arguments = object.fields.values().flat_map(|field| &field.arguments);
            arguments.any(|argument| argument.ty.inner_named_type() == name)
        }
        _ => false,
    })
}

/// Whether it is valid was asked before.
fn schema(sdl: &str) -> Schema {
    let built = Schema::builder().adopt_orphan_extensions().parse(sdl, "subgraph.graphql").build();
    built.unwrap_or_else(|error| error.partial)
}

fn kind(ty: &ExtendedType) -> &'static str {
    match ty {
        ExtendedType::Scalar(_) => "a scalar",
        ExtendedType::Object(_) => "an object",
        ExtendedType::Interface(_) => "an interface",
        ExtendedType::Union(_) => "a union",
        ExtendedType::Enum(_) => "an enum",
        ExtendedType::InputObject(_) => "an input",
    }
}
