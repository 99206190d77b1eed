//! What an operation may cost at most, in points, before anything is executed: `@cost` and `@listSize` of the schema, with the
//! page sizes that arguments ask for.
//!
//! An object costs 1 point each time it occurs, a scalar nothing, a mutation 10, unless `@cost` says otherwise. A list is
//! taken to be as long as its slicing arguments say, else as its assumed size.

use apollo_compiler::{
    Node,
    ast::{Argument, Value},
    executable::Field,
    schema::{DirectiveList, FieldDefinition},
};
use serde_json::{Map, Value as Json};

use super::type_system::TypeSystem;

/// How long a list of objects is taken to be when nothing says.
const LIST_SIZE: u64 = 10;
/// What reading the schema costs, however much of it: its answer is bounded by the schema's own size and the depth limit.
const INTROSPECTION: u64 = 100;
/// What a mutation costs.
const MUTATION: u64 = 10;

/// The cost of a field with everything below it, to be summed when the variables are known.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Points each time.
    pub weight: u64,
    /// The points are for an object: how many there are is seen in the answer.
    pub is_object: bool,
    /// How often it occurs in its parent.
    pub times: Vec<Times>,
    /// What is selected below.
    pub below: Below,
}

/// The cost of a selection set.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Below {
    /// Fields that every object has.
    pub fields: Vec<Cost>,
    /// Selections of which an object has one at most: the dearest counts.
    pub alternatives: Vec<Below>,
}

/// A factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Times {
    /// Known from the document.
    Fixed(u64),
    /// The value of this variable; none when it is null or left out.
    Variable(String),
    /// The largest of several that are not null, or this much where all are.
    Largest(Vec<Times>, u64),
}

/// How long lists below a field are: the fields it is about, and the length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sized {
    fields: Vec<String>,
    times: Vec<Times>,
}

impl Below {
    /// The points of this selection, at most.
    pub fn points(&self, variables: &Map<String, Json>) -> u64 {
        self.sum(variables, &|cost| cost.weight)
    }

    /// The points that are not for objects of the answer, such as those of mutations and counts.
    pub fn points_besides_objects(&self, variables: &Map<String, Json>) -> u64 {
        self.sum(variables, &|cost| if cost.is_object { 0 } else { cost.weight })
    }

    fn sum(&self, variables: &Map<String, Json>, weight: &dyn Fn(&Cost) -> u64) -> u64 {
        let fields = self.fields.iter().map(|cost| cost.sum(variables, weight)).fold(0, u64::saturating_add);
        let dearest = self.alternatives.iter().map(|below| below.sum(variables, weight)).max().unwrap_or_default();
        fields.saturating_add(dearest)
    }
}

impl Cost {
    fn sum(&self, variables: &Map<String, Json>, weight: &dyn Fn(&Cost) -> u64) -> u64 {
        let once = weight(self).saturating_add(self.below.sum(variables, weight));
        self.times.iter().map(|times| times.value(variables)).fold(once, u64::saturating_mul)
    }

    /// The cost of a field, without what is below it, and what it says of lists below. `sized` is what its parent said.
    pub fn of_field(
        field: &Field,
        definition: &FieldDefinition,
        is_mutation: bool,
        sized: Option<&Sized>,
        types: &TypeSystem,
    ) -> (Self, Option<Sized>) {
        if field.name.starts_with("__") {
            let weight = if field.name == "__typename" { 0 } else { INTROSPECTION };
            return (Self { weight, ..Self::default() }, None);
        }
        let type_name = definition.ty.inner_named_type();
        let is_leaf = types.schema.types.get(type_name).is_none_or(|definition| definition.is_leaf());
        let of_type =
            || types.schema.types.get(type_name).and_then(|definition| weight_of_type(definition.directives()));
        let told = weight(&definition.directives).or_else(of_type);
        let is_object = told.is_none() && !is_mutation && !is_leaf;
        let weight = told.unwrap_or(match (is_mutation, is_leaf) {
            (true, _) => MUTATION,
            (false, true) => 0,
            (false, false) => 1,
        });
        let mut times = Vec::new();
        let mut below = None;
        match list_size(field, definition) {
            Some(Sized { fields, times: own }) if fields.is_empty() => times = own,
            Some(sized) => below = Some(sized),
            None => {
                let by_parent = sized.filter(|sized| sized.fields.iter().any(|name| *name == *field.name));
                match by_parent {
                    Some(sized) => times = sized.times.clone(),
                    None if definition.ty.is_list() && !is_leaf => times = vec![Times::Fixed(LIST_SIZE)],
                    None => {}
                }
            }
        }
        (Self { weight, is_object, times, below: Below::default() }, below)
    }
}

impl Times {
    fn value(&self, variables: &Map<String, Json>) -> u64 {
        self.given(variables).unwrap_or_default()
    }

    /// Nothing where no value is given.
    fn given(&self, variables: &Map<String, Json>) -> Option<u64> {
        match self {
            Self::Fixed(times) => Some(*times),
            Self::Variable(name) => match variables.get(name)? {
                // A negative number is refused by its resolver.
                Json::Number(number) => Some(number.as_u64().unwrap_or(0)),
                Json::Array(values) => Some(values.len() as u64),
                _ => None,
            },
            Self::Largest(several, otherwise) => {
                Some(several.iter().filter_map(|times| times.given(variables)).max().unwrap_or(*otherwise))
            }
        }
    }
}

fn weight(directives: &apollo_compiler::ast::DirectiveList) -> Option<u64> {
    let weight = directives.get("cost")?.specified_argument_by_name("weight")?;
    u64::try_from(weight.to_i32()?).ok()
}

fn weight_of_type(directives: &DirectiveList) -> Option<u64> {
    let weight = directives.get("cost")?.specified_argument_by_name("weight")?;
    u64::try_from(weight.to_i32()?).ok()
}

/// What `@listSize` says of this selection of the field.
fn list_size(field: &Field, definition: &FieldDefinition) -> Option<Sized> {
    let directive = definition.directives.get("listSize")?;
    let names = |argument: &str| -> Vec<String> {
        let list = directive.specified_argument_by_name(argument).and_then(|value| value.as_list());
        list.unwrap_or_default().iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    let assumed = directive.specified_argument_by_name("assumedSize").and_then(|value| value.to_i32());
    let assumed = assumed.and_then(|size| u64::try_from(size).ok()).unwrap_or(LIST_SIZE);
    let slicing = names("slicingArguments");
    // Whichever a resolver takes: none of them makes the list longer than the largest.
    let given = field.arguments.iter().filter(|argument| slicing.iter().any(|name| *name == *argument.name));
    let given: Vec<Times> = given.filter_map(times_of).collect();
    let times = if given.is_empty() { Times::Fixed(assumed) } else { Times::Largest(given, assumed) };
    Some(Sized { fields: names("sizedFields"), times: vec![times] })
}

fn times_of(argument: &Node<Argument>) -> Option<Times> {
    match &*argument.value {
        Value::Variable(name) => Some(Times::Variable(name.to_string())),
        Value::List(values) => Some(Times::Fixed(values.len() as u64)),
        // A negative number is refused by its resolver.
        Value::Int(number) => Some(Times::Fixed(number.as_str().parse().unwrap_or(0))),
        _ => None,
    }
}
