//! `__schema` and `__type`, answered from the public SDL by a library that does it to the letter. The engine leaves out what
//! interfaces implement, and would show what only a supergraph asks for.

use std::collections::HashMap;

use anyhow::Context;
use apollo_compiler::{Schema, introspection, response::JsonMap, schema::Implementers, validation::Valid};
use schema::ErrorCode;
use serde_json::{Map, Value};

use super::{Chosen, Refusal, one_of};

/// What the schema says of itself.
pub struct Introspection {
    schema: Valid<Schema>,
    implementers: apollo_compiler::collections::HashMap<apollo_compiler::Name, Implementers>,
}

impl Introspection {
    /// Of the schema that clients see.
    pub fn new(public_sdl: &str) -> anyhow::Result<Self> {
        let schema = Schema::parse_and_validate(public_sdl, "schema.graphql")
            .map_err(|error| anyhow::anyhow!("{}", error.errors))
            .context("the public SDL of the graph is not valid")?;
        Ok(Self { implementers: schema.implementers_map(), schema })
    }

    /// The values of the operation's root fields that ask about the schema, by response key.
    pub fn answer(&self, chosen: &Chosen, variables: &Map<String, Value>) -> Result<HashMap<String, Value>, Refusal> {
        let failed = |message: String| {
            tracing::error!(error = message, "introspection failed");
            Refusal::new(ErrorCode::InternalServerError, "the schema cannot be shown at the moment")
        };
        let variables: JsonMap =
            serde_json::from_value(Value::Object(variables.clone())).map_err(|error| failed(error.to_string()))?;
        let (document, operation) = (chosen.document().executable(), chosen.operation());
        let masked = one_of::masked(&self.schema, document, operation);
        let (document, operation) =
            masked.as_ref().map_or((document, operation), |(document, operation)| (document, operation));
        let variables = Valid::assume_valid(variables);
        let answer = introspection::partial_execute(&self.schema, &self.implementers, document, operation, &variables)
            .map_err(|error| failed(error.message().to_string()))?;
        let mut data = serde_json::to_value(answer.data).map_err(|error| failed(error.to_string()))?;
        if masked.is_some() {
            one_of::unmask(&self.schema, &mut data);
        }
        match data {
            Value::Object(fields) => Ok(fields.into_iter().collect()),
            _ => Err(failed(format!("no data: {:?}", answer.errors))),
        }
    }
}
