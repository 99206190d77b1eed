//! The services, each by its own schema alone.

use std::{
    collections::BTreeMap,
    sync::{
        LazyLock, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use apollo_compiler::{
    ExecutableDocument, Schema, request::coerce_variable_values, resolvers::Execution, validation::Valid,
};
use async_trait::async_trait;
use bytes::Bytes;
use schema::ErrorCode;

use super::{
    schemas::{OTHERS, OWN},
    world::{Root, World},
};
use crate::federation::{
    execute::{Services, Trouble},
    plan::Fetch,
};

const DIRECTIVES: &str = r"
directive @key(fields: String!, resolvable: Boolean) repeatable on OBJECT | INTERFACE
directive @shareable repeatable on OBJECT | FIELD_DEFINITION
directive @external on OBJECT | FIELD_DEFINITION
directive @requires(fields: String!) on FIELD_DEFINITION
directive @override(from: String!) on FIELD_DEFINITION
directive @inaccessible on OBJECT | FIELD_DEFINITION
scalar _Any
extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
";

static SCHEMAS: LazyLock<BTreeMap<&'static str, Valid<Schema>>> = LazyLock::new(|| {
    let with_entities = |sdl: &str| {
        let keyed = sdl.lines().filter(|line| line.contains("@key"));
        let names: Vec<&str> = keyed.filter_map(|line| line.split_whitespace().nth(1)).collect();
        let text = format!("{sdl}{DIRECTIVES}union _Entity = {}\n", names.join(" | "));
        Schema::parse_and_validate(text, "service.graphql").unwrap_or_else(|error| panic!("{}", error.errors))
    };
    let others = OTHERS.iter().map(|(name, sdl)| (*name, with_entities(sdl)));
    others.chain([(crate::federation::OWN, with_entities(OWN))]).collect()
});

/// All services over one world.
pub struct Local<'w> {
    world: &'w World,
    failing: Option<&'static str>,
    asked: AtomicU64,
    has_failed: AtomicBool,
    questions: Mutex<Vec<String>>,
}

impl<'w> Local<'w> {
    /// All of them answer.
    pub fn new(world: &'w World) -> Self {
        Self {
            world,
            failing: None,
            asked: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            questions: Mutex::default(),
        }
    }

    /// What was asked, for whoever looks at a failure.
    pub fn questions(&self) -> Vec<String> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One of them, chosen by the number, does not.
    pub fn without(self, number: u64) -> Self {
        let names: Vec<&'static str> = SCHEMAS.keys().copied().collect();
        let at = usize::try_from(number).unwrap_or_default() % names.len();
        Self { failing: names.get(at).copied(), ..self }
    }

    /// How many questions were asked.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// The one that does not answer was asked.
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Services for Local<'_> {
    async fn ask(&self, fetch: &Fetch, variables: Vec<u8>) -> Result<Bytes, Trouble> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let question = format!("{}: {} {}", fetch.service, fetch.operation, String::from_utf8_lossy(&variables));
        self.questions.lock().unwrap_or_else(PoisonError::into_inner).push(question);
        if self.failing == Some(fetch.service.as_str()) {
            self.has_failed.store(true, Ordering::Relaxed);
            return Err(Trouble::new(ErrorCode::UpstreamUnavailable, format!("{} is unreachable", fetch.service)));
        }
        let schema = &SCHEMAS[fetch.service.as_str()];
        let document = ExecutableDocument::parse_and_validate(schema, &fetch.operation, "fetch.graphql")
            .unwrap_or_else(|error| panic!("{}: {}\n{}", fetch.service, fetch.operation, error.errors));
        let operation = document.operations.anonymous.as_ref().unwrap();
        let given = serde_json::from_slice(&variables).unwrap();
        let coerced = coerce_variable_values(schema, operation, &given)
            .unwrap_or_else(|_| panic!("{} with {}", fetch.operation, String::from_utf8_lossy(&variables)));
        let root = Root { world: self.world, kind: "Query" };
        let response = Execution::new(schema, &document).coerced_variable_values(&coerced).execute_sync(&root).unwrap();
        Ok(serde_json::to_vec(&response).unwrap().into())
    }
}
