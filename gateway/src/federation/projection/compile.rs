//! From an operation to what is written of it.

use std::{collections::HashMap, sync::Arc};

use apollo_compiler::schema::{ExtendedType, Type as SchemaType};
use async_graphql_parser::{
    Positioned,
    types::{DocumentOperations, ExecutableDocument, Field, OperationType, Selection as Item, SelectionSet},
};

use super::{Kind, Leaf, Projection, Selected, Selection, Type, Value};
use crate::{
    federation::{
        canonical::Canonical,
        plan::{Keys, TYPENAME},
    },
    prepare::TypeSystem,
};

/// What is written of this operation of this kind, whose document does not say that it is a subscription, and whose fields services know by the names of `canonical`. It was lowered: it is without named fragments and conditions, each key once for each type.
pub fn compile(
    document: &ExecutableDocument,
    (kind, types): (OperationType, &TypeSystem),
    keys: &mut Keys,
    canonical: &mut Canonical,
) -> Projection {
    let DocumentOperations::Single(operation) = &document.operations else { return Projection { root: Vec::new() } };
    let root = types.root(kind).unwrap_or_default().to_owned();
    let mut compiler = Compiler { types, keys, canonical, known: HashMap::new() };
    Projection { root: compiler.object(&operation.node.selection_set.node, &root) }
}

struct Compiler<'a> {
    types: &'a TypeSystem,
    keys: &'a mut Keys,
    canonical: &'a mut Canonical,
    known: HashMap<(*const SelectionSet, String), Arc<Selection>>,
}

impl Compiler<'_> {
    /// Made once for a set and a type: below sets that meet several types it is asked for again and again.
    fn selection(&mut self, set: &SelectionSet, type_name: &str) -> Arc<Selection> {
        let place = (std::ptr::from_ref(set), type_name.to_owned());
        if let Some(known) = self.known.get(&place) {
            return Arc::clone(known);
        }
        let selection = Arc::new(match self.types.is_object(type_name) {
            true => Selection::One(self.object(set, type_name)),
            false => {
                let possible = self.types.possible_types(type_name).to_vec();
                let of_type = possible.iter().map(|name| (name.to_string(), self.object(set, name)));
                Selection::ByType(of_type.collect::<HashMap<_, _>>())
            }
        });
        self.known.insert(place, Arc::clone(&selection));
        selection
    }

    /// The fields that objects of this type have.
    fn object(&mut self, set: &SelectionSet, type_name: &str) -> Vec<Selected> {
        let mut fields = Vec::with_capacity(set.items.len());
        self.collect(&set.items, type_name, &mut fields);
        fields
    }

    fn collect(&mut self, items: &[Positioned<Item>], type_name: &str, fields: &mut Vec<Selected>) {
        for item in items {
            match &item.node {
                Item::Field(field) => {
                    if let Some(field) = self.field(&field.node, type_name) {
                        fields.push(field);
                    }
                }
                Item::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    if condition.is_none_or(|condition| self.types.covers(condition, type_name)) {
                        self.collect(&fragment.node.selection_set.node.items, type_name, fields);
                    }
                }
                Item::FragmentSpread(_) => {}
            }
        }
    }

    fn field(&mut self, field: &Field, type_name: &str) -> Option<Selected> {
        let key = field.response_key().node.as_str();
        let kind = match field.name.node.as_str() {
            TYPENAME => Kind::Typename(format!("\"{type_name}\"").into_bytes()),
            "__schema" | "__type" => Kind::Introspection,
            name => {
                let definition = self.types.schema.type_field(type_name, name).ok()?;
                let inner = definition.ty.inner_named_type().to_string();
                let value = match self.leaf(&inner) {
                    Some(leaf) => Value::Leaf(leaf),
                    None => Value::Object(self.selection(&field.selection_set.node, &inner)),
                };
                Kind::Data(wrapped(&definition.ty), value)
            }
        };
        let canonical = self.canonical.key(field);
        let (key, written) = (self.keys.of(&canonical), format!("\"{key}\":").into_bytes());
        Some(Selected { name: field.response_key().node.to_string(), written, key, kind })
    }

    fn leaf(&self, type_name: &str) -> Option<Leaf> {
        match self.types.schema.types.get(type_name)? {
            ExtendedType::Scalar(_) => Some(match type_name {
                "Int" => Leaf::Int,
                "Float" => Leaf::Float,
                "Boolean" => Leaf::Boolean,
                "String" => Leaf::String,
                "ID" => Leaf::Id,
                _ => Leaf::Custom,
            }),
            ExtendedType::Enum(names) => Some(Leaf::Enum(names.values.keys().map(ToString::to_string).collect())),
            _ => None,
        }
    }
}

fn wrapped(ty: &SchemaType) -> Type {
    let is_required = ty.is_non_null();
    match ty {
        SchemaType::Named(_) | SchemaType::NonNullNamed(_) => Type::Named { is_required },
        SchemaType::List(of) | SchemaType::NonNullList(of) => Type::List { is_required, of: Box::new(wrapped(of)) },
    }
}
