//! From a valid document and its variables to the one the engine executes, "lowered": one operation, no fragments by name, no
//! `@skip` and `@include`, no argument fed by a variable that was left out, and each response key once.
//!
//! The engine runs a field that is selected twice twice, keeps one half of an object whose other half is null, and ignores
//! conditions with a variable that is missing. Nothing of that can be met in what this module hands over.

mod collect;
mod value;

use std::time::Duration;

use apollo_compiler::{
    ExecutableDocument, Node,
    executable::{Field, Operation, OperationType, SelectionSet},
    schema::FieldDefinition,
};
use async_graphql::Name as EngineName;
use async_graphql_parser::{
    Pos, Positioned,
    types::{
        DocumentOperations, ExecutableDocument as EngineDocument, Field as EngineField, InlineFragment,
        OperationDefinition, OperationType as EngineOperationType, Selection as EngineSelection,
        SelectionSet as EngineSet, TypeCondition, VariableDefinition,
    },
};
use resolvers::Ages;
use schema::ErrorCode;
use serde_json::{Map, Value};

use super::{
    Refusal,
    cost::{Below, Cost, Sized},
    keeping::Keeping,
    lines::Lines,
    type_system::TypeSystem,
};

/// An operation as the engine gets it, and what it costs.
#[derive(Debug)]
pub struct Lowered {
    /// The document: one operation.
    pub document: EngineDocument,
    /// Its cost.
    pub cost: Below,
    /// How old the data of its fields may be.
    pub ages: Ages,
    /// How long its answer may be kept.
    pub keeping: Keeping,
}

impl Lowered {
    /// The response keys of the root fields, each with whether it asks about the schema itself.
    pub fn root_keys(&self) -> impl Iterator<Item = (&str, bool)> {
        let items = self.document.operations.iter().flat_map(|(_, operation)| &operation.node.selection_set.node.items);
        items.filter_map(|item| match &item.node {
            EngineSelection::Field(field) => {
                let asks_of_schema = matches!(field.node.name.node.as_str(), "__schema" | "__type");
                Some((field.node.response_key().node.as_str(), asks_of_schema))
            }
            _ => None,
        })
    }

    /// Where its fields are in the document.
    pub fn places(&self) -> Vec<Pos> {
        fn collect(set: &EngineSet, into: &mut Vec<Pos>) {
            for item in &set.items {
                match &item.node {
                    EngineSelection::Field(field) => {
                        into.push(field.pos);
                        collect(&field.node.selection_set.node, into);
                    }
                    EngineSelection::InlineFragment(fragment) => collect(&fragment.node.selection_set.node, into),
                    EngineSelection::FragmentSpread(_) => {}
                }
            }
        }
        let mut places = Vec::new();
        for (_, operation) in self.document.operations.iter() {
            collect(&operation.node.selection_set.node, &mut places);
        }
        places
    }

    /// The document without what is asked about the schema itself.
    pub fn without_introspection(&self) -> EngineDocument {
        let mut document = self.document.clone();
        if let DocumentOperations::Single(operation) = &mut document.operations {
            operation.node.selection_set.node.items.retain(|item| match &item.node {
                EngineSelection::Field(field) => !matches!(field.node.name.node.as_str(), "__schema" | "__type"),
                _ => true,
            });
        }
        document
    }

    /// Whether the operation asks about the schema itself.
    pub fn introspects(&self) -> bool {
        self.root_keys().any(|(_, asks_of_schema)| asks_of_schema)
    }
}

/// What lowering needs.
pub struct Input<'a> {
    /// The document that the operation is of.
    pub document: &'a ExecutableDocument,
    /// The operation.
    pub operation: &'a Node<Operation>,
    /// The schema.
    pub types: &'a TypeSystem,
    /// The text, for places in it.
    pub text: &'a str,
    /// Its lines.
    pub lines: &'a Lines,
    /// The values of the variables, coerced.
    pub variables: &'a Map<String, Value>,
    /// Most fields of the outcome.
    pub fields_max: u64,
}

/// Lowers an operation.
pub fn lower(input: &Input<'_>) -> Result<Lowered, Refusal> {
    let keeping = Keeping::of_operation(input.operation);
    let mut lowering = Lowering { input, fields: 0, ages: Ages::default(), keeping };
    let operation = input.operation;
    let (set, cost) = lowering.set(&operation.selection_set.ty, &[&operation.selection_set], None, &[])?;
    let ty = match operation.operation_type {
        // Each event of a subscription is answered as a query of its own, against the graph of events.
        OperationType::Query | OperationType::Subscription => EngineOperationType::Query,
        OperationType::Mutation => EngineOperationType::Mutation,
    };
    let pos = input.pos(operation.location());
    let variable_definitions = operation.variables.iter().map(|variable| {
        let name = Positioned::new(EngineName::new(&variable.name), pos);
        let var_type = Positioned::new(value::variable_type(&variable.ty), pos);
        // Its value is coerced already, its default included. That there is one lets it stand where nothing may be null.
        let default_value = variable.default_value.as_ref().and_then(|value| value::constant(value));
        let default_value = default_value.map(|value| Positioned::new(value, pos));
        Positioned::new(VariableDefinition { name, var_type, directives: Vec::new(), default_value }, pos)
    });
    let definition = OperationDefinition {
        ty,
        variable_definitions: variable_definitions.collect(),
        directives: Vec::new(),
        selection_set: Positioned::new(set, pos),
    };
    let operations = DocumentOperations::Single(Positioned::new(definition, pos));
    let document = EngineDocument { operations, fragments: Default::default() };
    Ok(Lowered { document, cost, ages: lowering.ages, keeping: lowering.keeping })
}

impl Input<'_> {
    fn pos(&self, location: Option<apollo_compiler::parser::SourceSpan>) -> Pos {
        let (line, column) = location.map_or((1, 1), |span| self.lines.place(self.text, span.offset()));
        Pos { line, column }
    }
}

struct Lowering<'a> {
    input: &'a Input<'a>,
    fields: u64,
    ages: Ages,
    keeping: Keeping,
}

/// Response keys that an object has already, from a selection that every possible type shares.
type Had<'a> = [&'a str];

impl<'a> Lowering<'a> {
    /// Lowers the merged selection sets of one place whose type is `type_name`.
    fn set(
        &mut self,
        type_name: &str,
        sets: &[&'a SelectionSet],
        sized: Option<&Sized>,
        had: &Had<'_>,
    ) -> Result<(EngineSet, Below), Refusal> {
        if self.input.types.is_object(type_name) {
            let (items, fields) = self.object(type_name, sets, sized, had)?;
            return Ok((EngineSet { items }, Below { fields, alternatives: Vec::new() }));
        }
        self.abstract_set(type_name, sets, sized, had)
    }

    fn object(
        &mut self,
        type_name: &str,
        sets: &[&'a SelectionSet],
        sized: Option<&Sized>,
        had: &Had<'_>,
    ) -> Result<(Vec<Positioned<EngineSelection>>, Vec<Cost>), Refusal> {
        let groups = collect::of_object(self.input, type_name, sets);
        let mut items = Vec::with_capacity(groups.len());
        let mut costs = Vec::with_capacity(groups.len());
        for (key, fields) in groups {
            if had.contains(&key) {
                continue;
            }
            let (item, cost) = self.field(type_name, &fields, sized)?;
            items.push(item);
            costs.push(cost);
        }
        Ok((items, costs))
    }

    /// An interface or union: fields that all types share, then fragments by type. Where the same key would be selected by
    /// both and cannot simply be left out of one, each possible type gets a selection of its own.
    fn abstract_set(
        &mut self,
        type_name: &str,
        sets: &[&'a SelectionSet],
        sized: Option<&Sized>,
        had: &Had<'_>,
    ) -> Result<(EngineSet, Below), Refusal> {
        let mut items = Vec::new();
        let mut below = Below::default();
        let entries = collect::of_abstract(self.input, type_name, sets);
        if collect::must_split(self.input, type_name, sets, &entries) {
            for possible in self.input.types.possible_types(type_name) {
                self.keeping.narrowed_to(possible, self.input.types);
                let (selected, fields) = self.object(possible, sets, sized, had)?;
                below.alternatives.push(Below { fields, alternatives: Vec::new() });
                if let Some(first) = selected.first() {
                    let pos = first.pos;
                    items.push(fragment(possible, EngineSet { items: selected }, pos));
                }
            }
            return Ok((EngineSet { items }, below));
        }
        let mut had: Vec<&str> = had.to_vec();
        for entry in &entries {
            match entry {
                collect::Entry::Shared(fields) => {
                    let Some(key) = fields.first().map(|field| field.response_key().as_str()) else { continue };
                    if had.contains(&key) {
                        continue;
                    }
                    had.push(key);
                    let (item, cost) = self.field(type_name, fields, sized)?;
                    items.push(item);
                    below.fields.push(cost);
                }
                collect::Entry::Of(condition, set) => {
                    self.keeping.narrowed_to(condition, self.input.types);
                    let (selected, part) = self.set(condition, &[set], sized, &had)?;
                    if !selected.items.is_empty() {
                        let pos = selected.items.first().map(|item| item.pos).unwrap_or_default();
                        items.push(fragment(condition, selected, pos));
                    }
                    self.add_alternative(&mut below, condition, part);
                }
            }
        }
        Ok((EngineSet { items }, below))
    }

    /// Fragments on object types exclude each other; one on an interface may hold beside any other.
    fn add_alternative(&self, below: &mut Below, condition: &str, part: Below) {
        if self.input.types.is_object(condition) {
            below.alternatives.push(part);
        } else {
            below.fields.push(Cost { below: part, ..Cost::default() });
        }
    }

    /// One response key: the first field with all the selections below it.
    fn field(
        &mut self,
        parent: &str,
        fields: &[&'a Node<Field>],
        sized: Option<&Sized>,
    ) -> Result<(Positioned<EngineSelection>, Cost), Refusal> {
        self.count()?;
        let Some(first) = fields.first() else {
            return Err(Refusal::new(ErrorCode::InternalServerError, "a selection without a field"));
        };
        let types = self.input.types;
        // On an object the type may be narrower than on the interface through which the field was selected.
        let definition: &FieldDefinition =
            types.schema.type_field(parent, &first.name).map_or(&*first.definition, |definition| &**definition);
        let is_mutation =
            self.input.operation.operation_type.is_mutation() && *parent == *self.input.operation.selection_set.ty;
        let (mut cost, below) = Cost::of_field(first, definition, is_mutation, sized, types);
        let sets: Vec<&SelectionSet> =
            fields.iter().map(|field| &field.selection_set).filter(|set| !set.selections.is_empty()).collect();
        let pos = self.input.pos(first.location());
        self.keeping.field(first, definition, types);
        for field in fields {
            if let Some(age) = age_of(field, self.input.variables)? {
                self.ages.limit(pos, age);
            }
        }
        let mut selection_set = EngineSet::default();
        if !sets.is_empty() {
            let (set, below) = self.set(definition.ty.inner_named_type(), &sets, below.as_ref(), &[])?;
            selection_set = set;
            // The schema's own description has its own price, paid at its root.
            if !first.name.starts_with("__") {
                cost.below = below;
            }
        }
        let field = EngineField {
            alias: first.alias.as_ref().map(|alias| Positioned::new(EngineName::new(alias), pos)),
            name: Positioned::new(EngineName::new(&first.name), pos),
            arguments: value::arguments(first, self.input.variables, pos),
            directives: Vec::new(),
            selection_set: Positioned::new(selection_set, pos),
        };
        Ok((Positioned::new(EngineSelection::Field(Positioned::new(field, pos)), pos), cost))
    }

    fn count(&mut self) -> Result<(), Refusal> {
        self.fields += 1;
        if self.fields <= self.input.fields_max {
            return Ok(());
        }
        let message = format!("the document selects more than {} fields over all types", self.input.fields_max);
        Err(Refusal::new(ErrorCode::QueryTooComplex, message))
    }
}

/// What `@fresh` says on this field.
fn age_of(field: &Field, variables: &Map<String, Value>) -> Result<Option<Duration>, Refusal> {
    let Some(directive) = field.directives.get("fresh") else { return Ok(None) };
    let argument = directive.specified_argument_by_name("maxAgeSeconds");
    let seconds = argument.and_then(|value| match value.as_variable() {
        Some(variable) => variables.get(variable.as_str()).and_then(Value::as_i64),
        None => value.to_i32().map(i64::from),
    });
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    let message = "`maxAgeSeconds` of @fresh is a number of seconds, at least 0";
    seconds
        .map(|seconds| Some(Duration::from_secs(seconds)))
        .ok_or_else(|| Refusal::new(ErrorCode::BadUserInput, message))
}

fn fragment(condition: &str, set: EngineSet, pos: Pos) -> Positioned<EngineSelection> {
    let on = TypeCondition { on: Positioned::new(EngineName::new(condition), pos) };
    let fragment = InlineFragment {
        type_condition: Some(Positioned::new(on, pos)),
        directives: Vec::new(),
        selection_set: Positioned::new(set, pos),
    };
    Positioned::new(EngineSelection::InlineFragment(Positioned::new(fragment, pos)), pos)
}

#[cfg(test)]
mod tests;
