//! What a document costs before anybody executes it.

use std::sync::Arc;

use super::{Document, OperationKind, Preparer, Refusal, operation, variables};

impl Preparer {
    /// The points of the dearest operation of a document when variables take their defaults, and those without one say
    /// nothing: conditions hold, and lists are as long as the schema assumes. Refused where that is more than is allowed.
    pub fn price(&self, document: &Arc<Document>) -> Result<u64, Refusal> {
        let names: Vec<Option<String>> = document.operation_names().map(|name| name.map(str::to_owned)).collect();
        if names.is_empty() {
            return operation::choose(document.executable(), None).map(|_| 0);
        }
        let mut dearest = 0;
        for name in names {
            let chosen = document.choose(name.as_deref())?;
            if chosen.kind() == OperationKind::Subscription {
                let message = "subscriptions are not offered";
                return Err(Refusal::new(schema::ErrorCode::BadRequest, message));
            }
            let defaults = variables::defaults(chosen.operation(), &self.types);
            let lowered = chosen.lower(&defaults, &self.types, self.limits.document.selections_max)?;
            dearest = dearest.max(self.affordable(lowered.cost.points(&defaults))?);
        }
        Ok(dearest)
    }
}
