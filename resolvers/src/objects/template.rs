//! `Template`: a recipe for something new.

use crate::objects::entity::entity_object;

entity_object! {
    /// A recipe for something new.
    Template of "template" {
        /// What it makes, such as `service` or `website`.
        async fn r#type(&self) -> String {
            self.record.entity_type.clone().unwrap_or_default()
        }
    }
}
