//! `One`: a single entity, as the engine sees it. Written as the entities of a list are, where all that is selected stands in the record.

use std::{borrow::Cow, sync::Arc};

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field, registry::Registry,
};

use super::{
    EntityObject, ObjectKind,
    plan::Plan,
    related::{Others, Written, write_entity},
};
use crate::request::RequestData;

/// Room for an entity of some texts.
const BYTES_LIKELY: usize = 512;

/// An entity that a root leads to.
pub struct One<T>(pub T);

impl<T: EntityObject> OutputType for One<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let writes = ctx.data_unchecked::<Arc<RequestData>>().writes_records();
        if writes && let Some(value) = self.write(ctx) {
            return Ok(value);
        }
        self.0.resolve(ctx, field).await
    }
}

impl<T: EntityObject> One<T> {
    /// None when the engine has to.
    fn write(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        let record = self.0.record();
        let plan = Plan::of(ObjectKind::of(record), &ctx.item.node).filter(Plan::is_in_record)?;
        let mut out = Written { bytes: Vec::with_capacity(BYTES_LIKELY), failures: Vec::new() };
        write_entity(record, &plan, &[], &mut Others::default(), &mut out);
        Some(Value::Binary(out.bytes.into()))
    }
}
