//! The graph that clients see: Weft's own as it is, with what subgraphs bring. Nothing that composition needs is in it.

use std::collections::BTreeSet;

use apollo_compiler::{
    Name, Node, Schema,
    ast::{Directive, DirectiveList as AstDirectives},
    schema::{Component, DirectiveList, EnumType, ExtendedType, FieldDefinition, InterfaceType, ObjectType, UnionType},
};

/// Directives that stay with what subgraphs bring.
const KEPT: [&str; 6] = ["cost", "listSize", "cacheControl", "deprecated", "specifiedBy", "oneOf"];

/// The SDL of the graph.
pub fn graph(supergraph_sdl: &str, own_public: &str) -> Result<String, String> {
    let parse = |sdl: &str, name: &str| {
        Schema::builder().adopt_orphan_extensions().parse(sdl, name).build().map_err(|error| error.errors.to_string())
    };
    let (supergraph, mut own) = (parse(supergraph_sdl, "supergraph.graphql")?, parse(own_public, "schema.graphql")?);
    for (name, brought) in &supergraph.types {
        if is_inner(name) || brought.is_built_in() || is_inaccessible(brought.directives()) {
            continue;
        }
        match own.types.get_mut(name) {
            Some(known) => extend(known, brought),
            None => drop(own.types.insert(name.clone(), cleaned(brought))),
        }
    }
    // A subgraph may bring the first mutation or subscription there is.
    let definition = own.schema_definition.make_mut();
    let root = |name: &str| own.types.get(name).and_then(|_| Name::new(name).ok());
    definition.query = definition.query.take().or_else(|| root("Query").map(Into::into));
    definition.mutation = definition.mutation.take().or_else(|| root("Mutation").map(Into::into));
    definition.subscription = definition.subscription.take().or_else(|| root("Subscription").map(Into::into));
    let valid = own.validate().map_err(|error| error.errors.to_string())?;
    Ok(valid.to_string())
}

fn is_inner(name: &str) -> bool {
    ["join__", "link__", "core__"].iter().any(|prefix| name.starts_with(prefix))
}

fn is_inaccessible(directives: &DirectiveList) -> bool {
    directives.has("inaccessible")
}

/// Takes over what the own type lacks. A field that both have is of the type that was composed: it may be null where one of them
/// says so.
fn extend(known: &mut ExtendedType, brought: &ExtendedType) {
    match (known, brought) {
        (ExtendedType::Object(known), ExtendedType::Object(brought)) => {
            let known = known.make_mut();
            known.implements_interfaces.extend(brought.implements_interfaces.iter().cloned());
            extend_fields(&mut known.fields, &brought.fields);
        }
        (ExtendedType::Interface(known), ExtendedType::Interface(brought)) => {
            let known = known.make_mut();
            known.implements_interfaces.extend(brought.implements_interfaces.iter().cloned());
            extend_fields(&mut known.fields, &brought.fields);
        }
        (ExtendedType::Union(known), ExtendedType::Union(brought)) => {
            known.make_mut().members.extend(brought.members.iter().cloned());
        }
        (ExtendedType::Enum(known), ExtendedType::Enum(brought)) => {
            let known = known.make_mut();
            for (name, value) in brought.values.iter().filter(|(_, value)| !value.directives.has("inaccessible")) {
                if !known.values.contains_key(name) {
                    let mut value = value.clone();
                    clean(&mut value.make_mut().directives);
                    known.values.insert(name.clone(), value);
                }
            }
        }
        _ => {}
    }
}

type Fields = apollo_compiler::collections::IndexMap<Name, Component<FieldDefinition>>;

fn extend_fields(known: &mut Fields, brought: &Fields) {
    for (name, field) in brought.iter().filter(|(_, field)| !field.directives.has("inaccessible")) {
        match known.get_mut(name) {
            Some(known) => known.make_mut().ty = field.ty.clone(),
            None => drop(known.insert(name.clone(), cleaned_field(field))),
        }
    }
}

fn cleaned_field(field: &Component<FieldDefinition>) -> Component<FieldDefinition> {
    let mut field = field.clone();
    let inner = field.make_mut();
    clean(&mut inner.directives);
    inner.arguments.retain(|argument| !argument.directives.has("inaccessible"));
    inner.arguments.iter_mut().for_each(|argument| clean(&mut argument.make_mut().directives));
    field
}

/// A type as clients see it.
fn cleaned(brought: &ExtendedType) -> ExtendedType {
    let accessible = |fields: &Fields| -> Fields {
        let fields = fields.iter().filter(|(_, field)| !field.directives.has("inaccessible"));
        fields.map(|(name, field)| (name.clone(), cleaned_field(field))).collect()
    };
    match brought {
        ExtendedType::Object(object) => {
            let fields = accessible(&object.fields);
            let directives = cleaned_directives(&object.directives);
            Node::new(ObjectType { fields, directives, ..(**object).clone() }).into()
        }
        ExtendedType::Interface(interface) => {
            let fields = accessible(&interface.fields);
            let directives = cleaned_directives(&interface.directives);
            Node::new(InterfaceType { fields, directives, ..(**interface).clone() }).into()
        }
        ExtendedType::Union(union) => {
            let directives = cleaned_directives(&union.directives);
            Node::new(UnionType { directives, ..(**union).clone() }).into()
        }
        ExtendedType::Enum(of) => {
            let mut values = of.values.clone();
            values.retain(|_, value| !value.directives.has("inaccessible"));
            values.values_mut().for_each(|value| clean(&mut value.make_mut().directives));
            Node::new(EnumType { values, directives: cleaned_directives(&of.directives), ..(**of).clone() }).into()
        }
        ExtendedType::Scalar(scalar) => {
            let mut scalar = scalar.clone();
            let inner = scalar.make_mut();
            inner.directives = cleaned_directives(&inner.directives);
            scalar.into()
        }
        ExtendedType::InputObject(input) => {
            let mut input = input.clone();
            let inner = input.make_mut();
            inner.directives = cleaned_directives(&inner.directives);
            inner.fields.retain(|_, field| !field.directives.has("inaccessible"));
            inner.fields.values_mut().for_each(|field| clean(&mut field.make_mut().directives));
            input.into()
        }
    }
}

fn is_kept(directive: &Directive) -> bool {
    BTreeSet::from(KEPT).contains(directive.name.as_str())
}

fn clean(directives: &mut AstDirectives) {
    directives.retain(|directive| is_kept(directive));
}

fn cleaned_directives(directives: &DirectiveList) -> DirectiveList {
    let mut kept = DirectiveList::new();
    kept.extend(directives.iter().filter(|directive| is_kept(directive)).cloned());
    kept
}
