//! From the text of a request to an operation that the engine executes to the letter of the specification. The stages, each a file:
//!
//! the guard, which bounds bytes, tokens and nesting → `parse` → `count` (before anything walks fragments naively) → `validate` and `literal` → kept in a bounded cache by text →
//! `operation` → `variables` → `lower` (conditions, fragments, merging) → `cost`.

mod cost;
mod count;
mod document;
mod introspect;
mod keeping;
mod lines;
mod literal;
mod lower;
mod one_of;
mod operation;
mod parse;
mod price;
mod refusal;
mod suggest;
mod type_system;
mod validate;
mod variables;

use std::{collections::HashMap, sync::Arc};

use ahash::RandomState;
use apollo_compiler::{Schema, ast::Document as Syntax, validation::Valid};
use async_graphql::{Name, Value as Data};
use async_graphql_parser::types::ExecutableDocument;
use metrics::Counter;
use moka::sync::Cache;
use resolvers::Ages;
use schema::ErrorCode;
use serde_json::{Map, Value};
use sources::Labelled;

use introspect::Introspection;
use lower::Lowered;

use crate::guard;

pub use document::{Chosen, Document, OperationKind};
pub use keeping::Keeping;
pub use refusal::{Finding, Refusal};
pub use type_system::TypeSystem;

/// What a document may hold, its fragments spread out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Most selections.
    pub selections_max: u64,
    /// Most aliases.
    pub aliases_max: u64,
    /// Most aliases of root fields.
    pub root_aliases_max: u64,
    /// Most root fields.
    pub root_fields_max: u64,
    /// Most directives.
    pub directives_max: u64,
    /// Most definitions of fragments.
    pub fragments_max: u64,
    /// Most operations.
    pub operations_max: u64,
    /// Deepest nesting of fields.
    pub depth_max: u64,
    /// The same in what is asked of the schema itself.
    pub introspection_depth_max: u64,
}

/// The limits of preparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// What is parsed at all.
    pub guard: guard::Limits,
    /// What a document may hold.
    pub document: DocumentLimits,
    /// Most points that an operation may cost.
    pub cost_max: u64,
    /// Most bytes of documents that are kept, roughly.
    pub cache_bytes_max: u64,
}

#[cfg(test)]
impl Limits {
    /// For tests of what comes after preparing: nothing that they write is too much.
    pub fn unlimited() -> Self {
        let most = u64::MAX;
        let document = DocumentLimits {
            selections_max: most,
            aliases_max: most,
            root_aliases_max: most,
            root_fields_max: most,
            directives_max: most,
            fragments_max: most,
            operations_max: most,
            depth_max: most,
            introspection_depth_max: most,
        };
        let guard = guard::Limits { document_bytes_max: 1 << 20, tokens_max: 1 << 20, nesting_max: 128 };
        Self { guard, document, cost_max: most, cache_bytes_max: 1 << 20 }
    }
}

/// Prepares operations; keeps documents.
pub struct Preparer {
    types: TypeSystem,
    introspection: Introspection,
    limits: Limits,
    documents: Cache<String, Arc<Document>, RandomState>,
}

/// An operation that can be executed.
pub struct Prepared {
    /// Which operation of which document.
    pub chosen: Chosen,
    /// The values of its variables.
    pub variables: Map<String, Value>,
    /// Most points that it may cost.
    pub points: u64,
    /// Those of them that are not for objects of the answer.
    pub points_besides_objects: u64,
    lowered: Arc<Lowered>,
    /// How old the data of its fields may be, where that is not as the document says.
    ages: Option<Ages>,
    /// What is asked about the schema itself, by response key.
    schema_fields: HashMap<String, Value>,
}

impl Prepared {
    /// The document as the engine gets it: without what is asked about the schema itself.
    pub fn document(&self) -> ExecutableDocument {
        if self.schema_fields.is_empty() { self.lowered.document.clone() } else { self.lowered.without_introspection() }
    }

    /// The operation without what is asked about the schema itself, as whoever plans it needs it.
    pub fn with_document<T>(&self, read: impl FnOnce(&ExecutableDocument) -> T) -> T {
        if self.schema_fields.is_empty() {
            read(&self.lowered.document)
        } else {
            read(&self.lowered.without_introspection())
        }
    }

    /// The whole operation, as it is answered.
    pub fn whole_document(&self) -> &ExecutableDocument {
        &self.lowered.document
    }

    /// What was asked about the schema itself, by response key.
    pub fn take_schema_fields(&mut self) -> HashMap<String, Value> {
        std::mem::take(&mut self.schema_fields)
    }

    /// Whether nothing is asked but what is about the schema itself.
    pub fn asks_only_of_schema(&self) -> bool {
        self.lowered.root_keys().all(|(_, asks_of_schema)| asks_of_schema)
    }

    /// How long its answer may be kept.
    pub fn keeping(&self) -> &Keeping {
        &self.lowered.keeping
    }

    /// How old the data of its fields may be.
    pub fn ages(&self) -> Ages {
        self.ages.clone().unwrap_or_else(|| self.lowered.ages.clone())
    }

    /// None of its fields may have older data.
    pub fn no_older_than(&mut self, age: std::time::Duration) {
        self.ages = Some(Ages::everywhere(self.lowered.places(), age));
    }

    /// The engine's data with what was asked about the schema, in the order asked.
    pub fn with_schema_fields(&mut self, data: Data) -> Data {
        let Data::Object(mut fields) = data else { return data };
        if self.schema_fields.is_empty() {
            return Data::Object(fields);
        }
        let field = |(key, asks_of_schema): (&str, bool)| {
            let value = match asks_of_schema {
                true => Data::Binary(self.schema_fields.remove(key).unwrap_or_default().to_string().into()),
                false => fields.swap_remove(key)?,
            };
            Some((Name::new(key), value))
        };
        Data::Object(self.lowered.root_keys().filter_map(field).collect())
    }
}

static DOCUMENTS: Labelled<Counter> =
    Labelled::new(|outcome| metrics::counter!("weft_documents_total", "outcome" => outcome));

impl Preparer {
    /// Prepares operations.
    ///
    /// Documents are held against `whole_sdl`; what they ask about the schema is answered from `public_sdl`.
    pub fn new(whole_sdl: &str, public_sdl: &str, limits: Limits) -> anyhow::Result<Self> {
        let weigh =
            |text: &String, document: &Arc<Document>| u32::try_from(text.len() + document.bytes()).unwrap_or(u32::MAX);
        let documents = Cache::builder().max_capacity(limits.cache_bytes_max).weigher(weigh);
        let documents = documents.build_with_hasher(RandomState::new());
        Ok(Self {
            types: TypeSystem::read(whole_sdl)?,
            introspection: Introspection::new(public_sdl)?,
            limits,
            documents,
        })
    }

    /// The valid document of this text. `suggests` lets a refusal name what else the schema has.
    pub fn document(&self, text: String, suggests: bool) -> Result<Arc<Document>, Refusal> {
        if let Some(document) = self.documents.get(&text) {
            DOCUMENTS.with("known", |known| known.increment(1));
            return Ok(document);
        }
        DOCUMENTS.with("new", |new| new.increment(1));
        guard::check_document(&text, &self.limits.guard)?;
        let syntax = parse::parse(&text)?;
        count::check(&syntax, &self.limits.document)?;
        self.keep(text, &syntax, suggests)
    }

    /// The document of a part of an operation that was planned. The limits were held to the whole, as the client wrote it; the planner
    /// may need more names than that.
    pub fn planned_document(&self, text: &str) -> Result<Arc<Document>, Refusal> {
        match self.documents.get(text) {
            Some(document) => Ok(document),
            None => self.keep(text.to_owned(), &parse::parse(text)?, false),
        }
    }

    fn keep(&self, text: String, syntax: &Syntax, suggests: bool) -> Result<Arc<Document>, Refusal> {
        let executable = validate::validate(syntax, &self.types, suggests)?;
        let document = Arc::new(Document::new(text.clone(), executable));
        self.documents.insert(text, Arc::clone(&document));
        Ok(document)
    }

    /// The document of this text, where it is known.
    pub fn known(&self, text: &str) -> Option<Arc<Document>> {
        self.documents.get(text)
    }

    /// A part of an operation that was planned: its limits were looked at as a whole.
    pub fn prepare_planned(&self, chosen: Chosen, variables: Map<String, Value>) -> Result<Prepared, Refusal> {
        let variables = variables::coerce(chosen.operation(), variables, &self.types)?;
        let lowered = chosen.lower(&variables, &self.types, u64::MAX)?;
        let (points, points_besides_objects) = (0, 0);
        let schema_fields = HashMap::new();
        Ok(Prepared { chosen, variables, points, points_besides_objects, lowered, ages: None, schema_fields })
    }

    /// An operation with its variables, ready to be executed. `may_introspect`: the caller may read the schema.
    pub fn prepare(
        &self,
        chosen: Chosen,
        variables: Map<String, Value>,
        may_introspect: bool,
    ) -> Result<Prepared, Refusal> {
        let variables = variables::coerce(chosen.operation(), variables, &self.types)?;
        let lowered = chosen.lower(&variables, &self.types, self.limits.document.selections_max)?;
        let points = self.affordable(lowered.cost.points(&variables))?;
        let points_besides_objects = lowered.cost.points_besides_objects(&variables);
        let schema_fields = match lowered.introspects() {
            true if !may_introspect => {
                return Err(Refusal::new(ErrorCode::GraphqlValidationFailed, "you may not read the schema here"));
            }
            true => self.introspection.answer(&chosen, &variables)?,
            false => HashMap::new(),
        };
        Ok(Prepared { chosen, variables, points, points_besides_objects, lowered, ages: None, schema_fields })
    }

    /// The points, where an operation may cost so many.
    fn affordable(&self, points: u64) -> Result<u64, Refusal> {
        let max = self.limits.cost_max;
        if points <= max {
            return Ok(points);
        }
        let message = format!(
            "the operation may cost {points} points: at most {max} are allowed; ask for fewer items a page or fewer nested lists"
        );
        Err(Refusal::new(ErrorCode::QueryTooComplex, message))
    }

    /// The schema, with what is asked of it again and again.
    pub fn types(&self) -> &TypeSystem {
        &self.types
    }

    /// The schema that documents are held against.
    pub fn schema(&self) -> &Valid<Schema> {
        &self.types.schema
    }

    /// Keeps none of the documents any longer: operations that have begun have theirs.
    pub fn forget_documents(&self) {
        self.documents.invalidate_all();
    }

    /// How many documents are kept.
    pub fn documents_kept(&self) -> u64 {
        self.documents.run_pending_tasks();
        self.documents.entry_count()
    }
}

/// Whether documents could be held against this SDL.
pub fn check_schema(sdl: &str) -> anyhow::Result<()> {
    TypeSystem::read(sdl)?;
    Introspection::new(sdl)?;
    Ok(())
}

#[cfg(test)]
mod tests;
