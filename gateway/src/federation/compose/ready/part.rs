//! Our own schema as far as a supergraph has it. Where that was composed with an older one, clients see what it has: of the rest
//! nobody could plan anything.

use apollo_compiler::{
    Name, Node,
    ast::{Definition, Document, FieldDefinition},
};

/// The part, and the fields that are not in it. Inputs, enumerations and scalars that the supergraph lacks stay: they ask nothing.
pub fn of_own(mut own: Document, supergraph: &Document) -> (Document, Vec<String>) {
    let mut lacking = Vec::new();
    own.definitions.retain_mut(|definition| {
        let name = definition.name().cloned();
        let composed = supergraph.definitions.iter().find(|it| name.is_some() && it.name() == name.as_ref());
        match (definition, composed) {
            (Definition::ObjectTypeDefinition(own), Some(Definition::ObjectTypeDefinition(composed))) => {
                let own = own.make_mut();
                own.implements_interfaces.retain(|it| composed.implements_interfaces.contains(it));
                fields(&own.name, &mut own.fields, &composed.fields, &mut lacking);
            }
            (Definition::InterfaceTypeDefinition(own), Some(Definition::InterfaceTypeDefinition(composed))) => {
                let own = own.make_mut();
                own.implements_interfaces.retain(|it| composed.implements_interfaces.contains(it));
                fields(&own.name, &mut own.fields, &composed.fields, &mut lacking);
            }
            (Definition::UnionTypeDefinition(own), Some(Definition::UnionTypeDefinition(composed))) => {
                own.make_mut().members.retain(|member| composed.members.contains(member));
            }
            (Definition::InputObjectTypeDefinition(own), Some(Definition::InputObjectTypeDefinition(composed))) => {
                own.make_mut().fields.retain(|field| composed.fields.iter().any(|it| it.name == field.name));
            }
            (Definition::EnumTypeDefinition(own), Some(Definition::EnumTypeDefinition(composed))) => {
                own.make_mut().values.retain(|value| composed.values.iter().any(|it| it.value == value.value));
            }
            (Definition::ObjectTypeDefinition(own), None) => {
                lacking.push(own.name.to_string());
                return false;
            }
            (Definition::InterfaceTypeDefinition(_) | Definition::UnionTypeDefinition(_), None) => return false,
            _ => {}
        }
        true
    });
    (own, lacking)
}

fn fields(
    type_name: &Name,
    own: &mut Vec<Node<FieldDefinition>>,
    composed: &[Node<FieldDefinition>],
    lacking: &mut Vec<String>,
) {
    own.retain_mut(|field| {
        let Some(composed) = composed.iter().find(|composed| composed.name == field.name) else {
            lacking.push(format!("{type_name}.{}", field.name));
            return false;
        };
        field.make_mut().arguments.retain(|argument| composed.arguments.iter().any(|it| it.name == argument.name));
        true
    });
}
