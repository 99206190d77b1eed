//! Random operations over a schema.

use apollo_compiler::{
    Schema,
    ast::Type,
    schema::{ExtendedType, FieldDefinition},
};
use rand::{Rng, RngExt, rngs::StdRng};

/// Deepest nesting.
const DEPTH_MAX: u32 = 4;

/// A query. Mostly it is valid: fields of several types under one key may not fit together.
pub fn random(schema: &Schema, random: &mut StdRng) -> String {
    let mut out = String::from("query {");
    selection(schema, "Query", DEPTH_MAX, random, &mut out);
    out.push_str(" }");
    out
}

fn selection(schema: &Schema, type_name: &str, depth: u32, random: &mut StdRng, out: &mut String) {
    let Some(definition) = schema.types.get(type_name) else { return };
    let fields: Vec<&FieldDefinition> = match definition {
        ExtendedType::Object(object) => object.fields.values().map(|field| &***field).collect(),
        ExtendedType::Interface(interface) => interface.fields.values().map(|field| &***field).collect(),
        _ => Vec::new(),
    };
    let mut has_any = false;
    for field in fields {
        let is_leaf = schema.types.get(field.ty.inner_named_type()).is_some_and(ExtendedType::is_leaf);
        let chance = if is_leaf { 0.4 } else { 0.35 };
        if (depth > 0 || is_leaf) && random.random_bool(chance) {
            has_any = true;
            write_field(schema, field, depth, random, out);
            if random.random_bool(0.1) {
                write_field(schema, field, depth, random, out);
            }
        }
    }
    let possible: Vec<&str> = match definition {
        ExtendedType::Union(union) => union.members.iter().map(|member| member.name.as_str()).collect(),
        ExtendedType::Interface(_) => ["Product", "Team"].to_vec(),
        _ => Vec::new(),
    };
    for name in possible {
        if depth > 0 && random.random_bool(0.6) {
            has_any = true;
            out.push_str(&format!(" ... on {name} {{"));
            selection(schema, name, depth - 1, random, out);
            out.push_str(" }");
        }
    }
    if !has_any || random.random_bool(0.2) {
        out.push_str(" __typename");
    }
}

fn write_field(schema: &Schema, field: &FieldDefinition, depth: u32, random: &mut StdRng, out: &mut String) {
    if random.random_bool(0.2) {
        out.push_str(&format!(
            " {}{}:",
            ["a", "b", "name", "id"][random.random_range(0..4)],
            random.random_range(0..3)
        ));
    }
    out.push_str(&format!(" {}", field.name));
    let mut arguments = Vec::new();
    for argument in &field.arguments {
        if argument.ty.is_non_null() || random.random_bool(0.3) {
            arguments.push(format!("{}: {}", argument.name, value(&argument.ty, random)));
        }
    }
    if !arguments.is_empty() {
        out.push_str(&format!("({})", arguments.join(", ")));
    }
    let inner = field.ty.inner_named_type();
    if !schema.types.get(inner).is_some_and(ExtendedType::is_leaf) {
        out.push_str(" {");
        selection(schema, inner, depth.saturating_sub(1), random, out);
        out.push_str(" }");
    }
}

fn value(ty: &Type, random: &mut impl Rng) -> String {
    match ty.inner_named_type().as_str() {
        "Int" => random.random_range(0..4).to_string(),
        "Currency" => ["EUR", "USD"][random.random_range(0..2)].to_owned(),
        "ID" => format!("\"p{}\"", random.random_range(0..4)),
        _ => format!("\"w{}\"", random.random_range(0..4)),
    }
}
