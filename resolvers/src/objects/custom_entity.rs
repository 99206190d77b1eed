//! `CustomEntity`: a kind without a type of its own.

use crate::objects::entity::entity_object;

entity_object! {
    /// An entity of a kind that has no type of its own here.
    CustomEntity of "" {
        /// `spec.type`, where it is a text.
        async fn r#type(&self) -> Option<String> {
            self.record.entity_type.clone()
        }
        /// `spec.lifecycle`, where it is a text.
        async fn lifecycle(&self) -> Option<String> {
            self.record.lifecycle.clone()
        }
    }
}
