//! `isOneOf` of introspection, which the library does not know yet: `name` is asked for in its place, and what the type is says the rest.

use apollo_compiler::{
    ExecutableDocument, Name, Node, Schema,
    executable::{Operation, Selection, SelectionSet},
    name,
    schema::{ExtendedType, FieldDefinition},
    validation::Valid,
};
use serde_json::{Map, Value};

/// The field.
const FIELD: &str = "isOneOf";

/// What keys begin with under which `name` stands in its place.
const MARK: &str = "_isOneOf_";

/// A document and one of its operations, with `name` in the place of `isOneOf`; none where nobody asks for it.
pub(super) fn masked(
    schema: &Schema,
    document: &Valid<ExecutableDocument>,
    operation: &Node<Operation>,
) -> Option<(Valid<ExecutableDocument>, Node<Operation>)> {
    let definition = schema.type_field("__Type", "name").ok()?;
    let mut mask = Mask { definition: &definition.node, found: false };
    let mut document = ExecutableDocument::clone(document);
    for fragment in document.fragments.values_mut() {
        mask.selections(&mut fragment.make_mut().selection_set);
    }
    let mut operation = operation.clone();
    mask.selections(&mut operation.make_mut().selection_set);
    mask.found.then(|| (Valid::assume_valid(document), operation))
}

struct Mask<'a> {
    definition: &'a Node<FieldDefinition>,
    found: bool,
}

impl Mask<'_> {
    fn selections(&mut self, set: &mut SelectionSet) {
        for selection in &mut set.selections {
            match selection {
                Selection::Field(field) if field.name == FIELD => {
                    let Ok(alias) = Name::new(&format!("{MARK}{}", field.response_key())) else { continue };
                    let field = field.make_mut();
                    field.alias = Some(alias);
                    field.name = name!("name");
                    field.definition = self.definition.clone();
                    self.found = true;
                }
                Selection::Field(field) => self.selections(&mut field.make_mut().selection_set),
                Selection::InlineFragment(fragment) => self.selections(&mut fragment.make_mut().selection_set),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}

/// Puts what was asked for into the place of the names.
pub(super) fn unmask(schema: &Schema, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| unmask(schema, item)),
        Value::Object(fields) => {
            let mut whole = Map::new();
            for (key, mut value) in std::mem::take(fields) {
                match key.strip_prefix(MARK) {
                    Some(key) => drop(whole.insert(key.to_owned(), is_one_of(schema, &value))),
                    None => {
                        unmask(schema, &mut value);
                        whole.insert(key, value);
                    }
                }
            }
            *fields = whole;
        }
        _ => {}
    }
}

/// Null for everything that is no input object.
fn is_one_of(schema: &Schema, name: &Value) -> Value {
    match name.as_str().and_then(|name| schema.types.get(name)) {
        Some(ExtendedType::InputObject(input)) => input.directives.has("oneOf").into(),
        _ => Value::Null,
    }
}
