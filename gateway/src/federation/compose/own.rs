//! What is Weft's own is answered by Weft: no subgraph takes a field over, by whatever directive, version or name of one.

use apollo_compiler::{
    Node,
    ast::{Definition, Directive, Document, FieldDefinition},
};

use super::{
    Diagnostic, KeyFields, OWN,
    keys::{enum_argument, service_names},
};

/// The fields of `own_sdl` that the supergraph has others answer as well. Keys, and types that are shared on purpose, are
/// everybody's.
pub fn taken_over(supergraph_sdl: &str, own_sdl: &str, keys: &KeyFields) -> Result<Vec<Diagnostic>, String> {
    let parse = |sdl: &str| Document::parse(sdl, "schema.graphql").map_err(|error| error.errors.to_string());
    let (supergraph, own) = (parse(supergraph_sdl)?, parse(own_sdl)?);
    let names = service_names(&supergraph);
    let mut taken = Vec::new();
    for definition in &own.definitions {
        let Definition::ObjectTypeDefinition(object) = definition else { continue };
        if object.directives.has("shareable") {
            continue;
        }
        let composed = supergraph.definitions.iter().find_map(|definition| match definition {
            Definition::ObjectTypeDefinition(composed) if composed.name == object.name => Some(composed),
            _ => None,
        });
        let own_keys = keys.of(OWN, &object.name);
        for field in object.fields.iter().filter(|field| !own_keys.contains(field.name.as_str())) {
            let composed_field = composed.and_then(|composed| composed.fields.iter().find(|it| it.name == field.name));
            let (Some(composed), Some(composed_field)) = (composed, composed_field) else { continue };
            let told: Vec<&Directive> = composed_field.directives.get_all("join__field").map(|join| &**join).collect();
            let whole = || composed.directives.get_all("join__type").map(|join| &**join).collect();
            let joins: Vec<&Directive> = if told.is_empty() { whole() } else { told };
            let answers = joins.into_iter().filter(|join| {
                join.specified_argument_by_name("external").and_then(|external| external.to_bool()) != Some(true)
            });
            for name in answers.filter_map(|join| names.get(enum_argument(join, "graph")?)) {
                let place = format!("{}.{}", object.name, field.name);
                let message = "is Weft's own field: take it out, or mark it @external where you need it";
                if name != OWN && !taken.iter().any(|known: &Diagnostic| known.place.as_ref() == Some(&place)) {
                    taken.push(Diagnostic::of(name, message).at(place));
                }
            }
        }
    }
    Ok(taken)
}

/// Whether our own schema has what is at this place, such as `Component.name`.
pub fn shows(own: &Document, place: &str) -> bool {
    let (type_name, member) = place.split_once('.').map_or((place, None), |(name, member)| (name, Some(member)));
    let mut definitions =
        own.definitions.iter().filter(|definition| definition.name().is_some_and(|it| it == type_name));
    let has_field = |fields: &[Node<FieldDefinition>], member: &str| {
        let (field, argument) = member.split_once('.').map_or((member, None), |(field, it)| (field, Some(it)));
        fields.iter().any(|known| {
            known.name == field && argument.is_none_or(|it| known.arguments.iter().any(|known| known.name == it))
        })
    };
    definitions.any(|definition| {
        let Some(member) = member else { return !matches!(definition, Definition::DirectiveDefinition(_)) };
        match definition {
            Definition::ObjectTypeDefinition(it) => has_field(&it.fields, member),
            Definition::InterfaceTypeDefinition(it) => has_field(&it.fields, member),
            Definition::EnumTypeDefinition(it) => it.values.iter().any(|known| known.value == member),
            Definition::InputObjectTypeDefinition(it) => it.fields.iter().any(|known| known.name == member),
            _ => false,
        }
    })
}
