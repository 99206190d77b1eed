//! `Keeping`: how long the answer of an operation may be kept, and what it rests on: `@cacheControl` of every type and field selected. As
//! long as the shortest-lived of them; what has no such directive is not kept, and neither is what asks for an age of its own.

use std::time::Duration;

use apollo_compiler::{
    executable::{Field, Operation},
    schema::{DirectiveList, FieldDefinition},
};
use resolvers::cache_control::{Domain, domain_of};

use super::type_system::TypeSystem;

/// How long an answer may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// None: not at all.
    max_age_seconds: Option<u32>,
    /// What the answer rests on, by the domain's place.
    domains: [bool; Domain::ALL.len()],
}

impl Keeping {
    /// What rests on the catalog alone.
    #[cfg(test)]
    pub fn of_catalog(seconds: u32) -> Self {
        Self { max_age_seconds: Some(seconds), domains: Domain::ALL.map(|domain| domain == Domain::Catalog) }
    }

    /// Of an operation whose fields are not known yet.
    pub fn of_operation(operation: &Operation) -> Self {
        let mut domains = [false; Domain::ALL.len()];
        // Whatever is told names entities, or is counted by who may see them.
        if let Some(rests) = domains.get_mut(Domain::Catalog.index()) {
            *rests = true;
        }
        Self { max_age_seconds: operation.is_query().then_some(u32::MAX), domains }
    }

    /// How long it may be kept; none: not at all.
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age_seconds.filter(|seconds| (1..u32::MAX).contains(seconds)).map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// Whether it rests on this domain.
    pub fn rests_on(&self, domain: Domain) -> bool {
        self.domains.get(domain.index()).copied().unwrap_or(true)
    }

    /// A field is selected.
    pub fn field(&mut self, field: &Field, definition: &FieldDefinition, types: &TypeSystem) {
        if field.name == "__typename" {
            return;
        }
        if field.name.starts_with("__") || field.directives.has("fresh") {
            self.max_age_seconds = None;
            return;
        }
        if let Some(seconds) = max_age(&definition.directives) {
            self.limit(Some(seconds));
        }
        let type_name = definition.ty.inner_named_type();
        if types.schema.types.get(type_name).is_some_and(|definition| !definition.is_leaf()) {
            self.narrowed_to(type_name, types);
        }
    }

    /// Something of this type is selected from.
    pub fn narrowed_to(&mut self, type_name: &str, types: &TypeSystem) {
        let told = types.schema.types.get(type_name).and_then(|definition| max_age_of_type(definition.directives()));
        self.limit(told);
        if let Some(rests) = domain_of(type_name).and_then(|domain| self.domains.get_mut(domain.index())) {
            *rests = true;
        }
    }

    fn limit(&mut self, told: Option<u32>) {
        self.max_age_seconds = match (self.max_age_seconds, told) {
            (Some(known), Some(told)) => Some(known.min(told)),
            _ => None,
        };
    }
}

fn max_age(directives: &apollo_compiler::ast::DirectiveList) -> Option<u32> {
    let age = directives.get("cacheControl")?.specified_argument_by_name("maxAge")?;
    u32::try_from(age.to_i32()?).ok()
}

fn max_age_of_type(directives: &DirectiveList) -> Option<u32> {
    let age = directives.get("cacheControl")?.specified_argument_by_name("maxAge")?;
    u32::try_from(age.to_i32()?).ok()
}
