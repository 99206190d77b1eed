//! What is to be asked of whom, and in which order. Made once for a document and a version of the supergraph; nothing in it
//! depends on who asks or on the values of variables.

use std::collections::{BTreeSet, HashMap};

/// The number of a response key within a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u32);

/// The response keys of a plan.
#[derive(Debug, Default)]
pub struct Keys {
    names: Vec<String>,
    numbers: HashMap<String, Key>,
}

/// Under which an object says of which type it is.
pub const TYPENAME: &str = "__typename";

impl Keys {
    /// The key of this name.
    pub fn of(&mut self, name: &str) -> Key {
        if let Some(known) = self.numbers.get(name) {
            return *known;
        }
        let key = Key(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), key);
        key
    }

    /// The key of this name, where the plan has it.
    pub fn find(&self, name: &str) -> Option<Key> {
        self.numbers.get(name).copied()
    }

    /// The name of this key.
    pub fn name(&self, Key(number): Key) -> &str {
        usize::try_from(number).ok().and_then(|at| self.names.get(at)).map_or("", String::as_str)
    }
}

/// A plan.
#[derive(Debug)]
pub struct Plan {
    /// What is to be done; none where nothing is.
    pub root: Option<Step>,
    /// The response keys in it.
    pub keys: Keys,
    /// [`TYPENAME`].
    pub typename: Key,
}

/// A part of a plan.
#[derive(Debug)]
pub enum Step {
    /// A question to one service.
    Fetch(Box<Fetch>),
    /// One after the other.
    Sequence(Vec<Step>),
    /// All at once.
    Parallel(Vec<Step>),
}

/// A question to one service.
#[derive(Debug)]
pub struct Fetch {
    /// Which; [`super::OWN`] is Weft itself.
    pub service: String,
    /// The document: one operation without a name.
    pub operation: String,
    /// The beginning of a body that sends it, up to the value of `variables`.
    pub operation_json: Vec<u8>,
    /// It changes something.
    pub is_mutation: bool,
    /// It is not answered once, but with an event at a time.
    pub is_event: bool,
    /// The variables of the client's operation that it uses.
    pub variables: Vec<String>,
    /// The entities that it asks about; none: it asks from the root.
    pub entities: Vec<Entities>,
    /// What is read of the answer's data.
    pub shape: Shape,
}

/// Entities that a question is about.
#[derive(Debug)]
pub struct Entities {
    /// The response key of `_entities`.
    pub alias: String,
    /// The variable of their representations.
    pub variable: String,
    /// Where they are in the answer so far.
    pub paths: Vec<Vec<Segment>>,
    /// What represents them, by type.
    pub requires: Vec<Requires>,
    /// What is read of each.
    pub shape: Shape,
}

/// A step on the way to entities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Into a field.
    Field(Key),
    /// To each item of a list.
    Items,
    /// Only to objects of these types.
    Types(BTreeSet<String>),
}

/// What represents entities of a type.
#[derive(Debug)]
pub struct Requires {
    /// Their type.
    pub type_name: String,
    /// What `__typename` is to be instead, where the service knows the type by another name.
    pub typename_told: Option<String>,
    /// The fields.
    pub fields: Vec<Required>,
}

/// A field of a representation.
#[derive(Debug)]
pub struct Required {
    /// Where it is in the answer so far.
    pub key: Key,
    /// What it is called in the representation.
    pub name: String,
    /// The fields of the object that it is; none: it is no object.
    pub fields: Vec<Required>,
    /// It belongs to a key of the type: the answer repeats it, so that entities in the wrong order are noticed.
    pub is_repeated: bool,
}

/// What is read of objects.
#[derive(Debug, Default, Clone)]
pub struct Shape {
    /// The fields; those of all types that the objects may have.
    pub fields: Vec<ShapeField>,
}

/// A field that is read.
#[derive(Debug, Clone)]
pub struct ShapeField {
    /// What the service calls it.
    pub name: String,
    /// What it is in the answer.
    pub key: Key,
    /// What is read of the object, or the objects, that it is; none: whatever it is, it is taken as it stands.
    pub below: Option<Shape>,
}

impl Shape {
    /// The field that the service calls so.
    pub fn field(&self, name: &str) -> Option<&ShapeField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether it gives this key to its objects.
    pub fn gives(&self, key: Key) -> bool {
        self.fields.iter().any(|field| field.key == key)
    }

    /// Takes a field over, with all that is read below one of the same name.
    pub fn add(&mut self, field: ShapeField) {
        match self.fields.iter_mut().find(|known| known.name == field.name && known.key == field.key) {
            None => self.fields.push(field),
            Some(known) => match (&mut known.below, field.below) {
                (Some(known), Some(below)) => below.fields.into_iter().for_each(|field| known.add(field)),
                (known @ None, below) => *known = below,
                (Some(_), None) => {}
            },
        }
    }
}

impl Plan {
    /// Whether a service is given more than keys of what others know (`@requires`): what it answers rests on that too.
    pub fn hands_over(&self) -> bool {
        let entities = self.fetches().into_iter().flat_map(|fetch| &fetch.entities);
        let required = entities.flat_map(|entities| &entities.requires).flat_map(|requires| &requires.fields);
        required.into_iter().any(|field| !field.is_repeated)
    }

    /// What brings the events of a subscription.
    pub fn events(&self) -> Option<&Fetch> {
        self.fetches().into_iter().find(|fetch| fetch.is_event)
    }

    /// Every question in it.
    pub fn fetches(&self) -> Vec<&Fetch> {
        fn collect<'a>(step: &'a Step, into: &mut Vec<&'a Fetch>) {
            match step {
                Step::Fetch(fetch) => into.push(fetch),
                Step::Sequence(steps) | Step::Parallel(steps) => steps.iter().for_each(|step| collect(step, into)),
            }
        }
        let mut fetches = Vec::new();
        self.root.iter().for_each(|root| collect(root, &mut fetches));
        fetches
    }
}
