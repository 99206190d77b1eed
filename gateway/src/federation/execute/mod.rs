//! Executes a plan: asks each service what it has to be asked, as early as can be, and puts the answers together.
//!
//! `tree` is the answer on its way, `represent` finds the entities of a question, `read` reads what a service answers, `take`
//! puts it in its place, `errors` says what went wrong where.

mod errors;
mod read;
mod represent;
mod take;
mod tree;

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt,
    future::{BoxFuture, join_all},
};
use schema::ErrorCode;
use serde_json::{Map, Value};

use super::{
    plan::{Entities, Fetch, Plan, Shape, Step},
    projection::{Failure, Failures, Told},
};
use represent::{Represented, represent};

pub use take::too_large;
pub use tree::{At, Bodies, Node, Place};

/// Most parts of one question that are under way at once, where it is about more entities than a service is asked about.
const PARTS_AT_ONCE: usize = 4;

/// Who is asked.
#[async_trait]
pub trait Services: Send + Sync {
    /// The answer's body, which is well-formed JSON. `variables` is a JSON object.
    async fn ask(&self, fetch: &Fetch, variables: Vec<u8>) -> Result<Bytes, Trouble>;

    /// About how many entities this service is asked at most at once.
    fn entities_max(&self, _service: &str) -> usize {
        usize::MAX
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What clients see.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// Seconds to wait, where the service said.
    pub retry_after: Option<u64>,
}

/// One execution of a plan.
pub struct Execution<'a> {
    plan: &'a Plan,
    variables: &'a Map<String, Value>,
    services: &'a dyn Services,
    state: Mutex<State<'a>>,
}

/// What there is so far.
pub struct State<'a> {
    /// The data.
    pub root: Node,
    /// What its leaves are parts of.
    pub bodies: Bodies,
    /// What was not answered.
    pub failures: Failures<'a>,
    /// The errors that services told.
    pub told: Vec<Told>,
    /// What Weft itself told of where its data came from: the name of an extension, and an item with its path.
    pub notes: Vec<(&'static str, Place, Value)>,
    /// The most bytes that an answer has, written, and as what it is put together from besides what services sent.
    pub bytes_max: usize,
    /// How many bytes entities take that occur more than once.
    repeated_bytes: usize,
}

/// A question that is under way.
struct Asked<'a> {
    entities: &'a Entities,
    represented: Represented,
}

impl<'a> Execution<'a> {
    /// Nothing is asked yet. The answer has at most `bytes_max` bytes.
    pub fn new(
        plan: &'a Plan,
        variables: &'a Map<String, Value>,
        services: &'a dyn Services,
        bytes_max: usize,
    ) -> Self {
        let state = State {
            root: Node::empty(),
            bodies: Bodies::default(),
            failures: Failures::default(),
            told: Vec::new(),
            notes: Vec::new(),
            bytes_max,
            repeated_bytes: 0,
        };
        Self { plan, variables, services, state: Mutex::new(state) }
    }

    /// Asks whatever the plan says. What fails is part of the outcome.
    pub async fn run(self) -> State<'a> {
        if let Some(root) = &self.plan.root {
            self.step(root).await;
        }
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn step<'s>(&'s self, step: &'a Step) -> BoxFuture<'s, ()> {
        match step {
            Step::Fetch(fetch) => Box::pin(self.fetch(fetch)),
            Step::Sequence(steps) => Box::pin(async move {
                for step in steps {
                    self.step(step).await;
                }
            }),
            Step::Parallel(steps) => Box::pin(async move {
                join_all(steps.iter().map(|step| self.step(step))).await;
            }),
        }
    }

    async fn fetch(&self, fetch: &'a Fetch) {
        let asked = self.asked(fetch);
        let most = self.services.entities_max(&fetch.service).max(1);
        if asked.iter().all(|asked| asked.represented.representations.len() <= most) {
            return self.ask(fetch, asked).await;
        }
        let parts = asked.into_iter().flat_map(|Asked { entities, represented }| {
            represented.parts(most).into_iter().map(move |represented| Asked { entities, represented })
        });
        let parts = futures::stream::iter(parts.collect::<Vec<_>>());
        parts.for_each_concurrent(PARTS_AT_ONCE, |part| self.ask(fetch, vec![part])).await;
    }

    async fn ask(&self, fetch: &'a Fetch, asked: Vec<Asked<'a>>) {
        if !fetch.entities.is_empty() && asked.iter().all(|asked| asked.represented.representations.is_empty()) {
            return;
        }
        let variables = variables(fetch, &asked, self.variables);
        match self.services.ask(fetch, variables).await {
            Ok(body) => self.state().take(fetch, &asked, body, self.plan),
            Err(trouble) => self.state().fail(fetch, &asked, &trouble),
        }
    }

    fn asked(&self, fetch: &'a Fetch) -> Vec<Asked<'a>> {
        let mut state = self.state();
        let State { root, bodies, .. } = &*state;
        let of_alias = |entities: &'a Entities| Asked {
            entities,
            represented: represent(root, entities, self.plan.typename, bodies),
        };
        let mut asked: Vec<Asked<'a>> = fetch.entities.iter().map(of_alias).collect();
        for asked in &mut asked {
            let without = std::mem::take(&mut asked.represented.without);
            if !without.is_empty() {
                let message = format!("{} cannot be asked: what names the entity to it is missing", fetch.service);
                let trouble = Trouble::new(ErrorCode::UpstreamError, message);
                let failure = Failure { is_consequence: true, ..trouble.failure(fetch, &asked.entities.shape) };
                state.failures.add(failure, without);
            }
        }
        asked
    }

    fn state(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trouble {
    /// With this code and message.
    pub fn new(code: ErrorCode, message: String) -> Self {
        Self { code, message, retry_after: None }
    }

    /// The same, as what a question lacks.
    fn failure<'a>(&self, fetch: &'a Fetch, shape: &'a Shape) -> Failure<'a> {
        let Self { code, message, retry_after } = self;
        let (message, retry_after) = (message.clone(), *retry_after);
        Failure {
            service: &fetch.service,
            shape,
            code: *code,
            message,
            retry_after,
            is_mutation: fetch.is_mutation,
            is_consequence: false,
        }
    }
}

/// The variables of a question: representations, and what it uses of the client's.
fn variables(fetch: &Fetch, asked: &[Asked<'_>], given: &Map<String, Value>) -> Vec<u8> {
    let mut json = vec![b'{'];
    let key = |name: &str, json: &mut Vec<u8>| {
        if json.len() > 1 {
            json.push(b',');
        }
        json.push(b'"');
        json.extend_from_slice(name.as_bytes());
        json.extend_from_slice(b"\":");
    };
    for entities in &fetch.entities {
        key(&entities.variable, &mut json);
        json.push(b'[');
        // Of some nothing may be asked this time.
        if let Some(asked) = asked.iter().find(|asked| asked.entities.alias == entities.alias) {
            json.extend_from_slice(&asked.represented.representations.join(&b','));
        }
        json.push(b']');
    }
    for name in &fetch.variables {
        if let Some(value) = given.get(name) {
            key(name, &mut json);
            json.extend_from_slice(value.to_string().as_bytes());
        }
    }
    json.push(b'}');
    json
}

#[cfg(test)]
mod tests;
