//! `Document`: a text that was parsed, counted and validated once, with its operations as the engine gets them.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use apollo_compiler::{
    ExecutableDocument, Node,
    executable::{Operation, OperationType},
    validation::Valid,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    Refusal,
    lines::Lines,
    lower::{self, Lowered},
    operation,
    type_system::TypeSystem,
};

/// A valid document.
pub struct Document {
    text: String,
    hash: String,
    lines: Lines,
    executable: Valid<ExecutableDocument>,
    has_conditions: bool,
    /// Something is asked about the schema itself, or may be.
    asks_of_schema: bool,
    /// Each operation lowered with all its variables given; the empty name is the operation without one.
    lowered: HashMap<String, OnceLock<Arc<Lowered>>>,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Changes something.
    Mutation,
    /// Is told of changes.
    Subscription,
}

impl OperationKind {
    /// In the words of the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

/// One operation of a document.
#[derive(Clone)]
pub struct Chosen {
    document: Arc<Document>,
    operation: Node<Operation>,
}

impl Document {
    /// A document of this text.
    pub fn new(text: String, executable: Valid<ExecutableDocument>) -> Self {
        let names =
            executable.operations.iter().map(|operation| operation.name.as_deref().unwrap_or_default().to_owned());
        let lowered = names.map(|name| (name, OnceLock::new())).collect();
        let hash = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        // A document without the words has no conditions; one that only mentions them is lowered anew each time.
        let has_conditions = ["skip", "include", "fresh"].iter().any(|word| text.contains(word));
        let asks_of_type = text.split("__type").skip(1).any(|rest| !rest.starts_with("name"));
        let asks_of_schema = asks_of_type || text.contains("__schema");
        Self { lines: Lines::of(&text), hash, lowered, has_conditions, asks_of_schema, executable, text }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The SHA-256 of its text, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Whether something may be asked about the schema itself; true for texts that only mention it.
    pub fn asks_of_schema(&self) -> bool {
        self.asks_of_schema
    }

    /// The names of its operations; one without a name is alone.
    pub fn operation_names(&self) -> impl Iterator<Item = Option<&str>> {
        self.executable.operations.iter().map(|operation| operation.name.as_deref())
    }

    /// The document itself.
    pub(super) fn executable(&self) -> &Valid<ExecutableDocument> {
        &self.executable
    }

    /// Roughly how much memory it holds, in bytes.
    pub fn bytes(&self) -> usize {
        // Measured on documents of 1 to 60 KiB: the trees are 20 to 40 times as large as the text.
        self.text.len() * 40 + 1024
    }

    /// The operation with this name, or the only one.
    pub fn choose(self: &Arc<Self>, name: Option<&str>) -> Result<Chosen, Refusal> {
        let operation = operation::choose(&self.executable, name)?.clone();
        Ok(Chosen { document: Arc::clone(self), operation })
    }
}

impl Chosen {
    /// The document it is of.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Its name, cut to a bearable length.
    pub fn name(&self) -> Option<String> {
        self.operation.name.as_deref().map(operation::cut)
    }

    /// What it does.
    pub fn kind(&self) -> OperationKind {
        match self.operation.operation_type {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        }
    }

    /// Its definition.
    pub(super) fn operation(&self) -> &Node<Operation> {
        &self.operation
    }

    /// The operation for the engine. Made once, unless it depends on what the variables are.
    pub(super) fn lower(
        &self,
        variables: &Map<String, Value>,
        types: &TypeSystem,
        fields_max: u64,
    ) -> Result<Arc<Lowered>, Refusal> {
        let Document { text, lines, executable, has_conditions, lowered, .. } = &*self.document;
        let lower = || {
            let operation = &self.operation;
            lower::lower(&lower::Input { document: executable, operation, types, text, lines, variables, fields_max })
                .map(Arc::new)
        };
        let is_fixed = !has_conditions && variables.len() == self.operation.variables.len();
        let kept = lowered.get(self.operation.name.as_deref().unwrap_or_default()).filter(|_| is_fixed);
        match kept {
            Some(kept) => match kept.get() {
                Some(lowered) => Ok(Arc::clone(lowered)),
                None => {
                    let lowered = lower()?;
                    Ok(Arc::clone(kept.get_or_init(|| lowered)))
                }
            },
            None => lower(),
        }
    }
}
