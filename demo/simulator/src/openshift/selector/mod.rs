//! `labelSelector` and `fieldSelector`.

mod field;
mod label;

use super::{draft::Draft, query::ListOptions, resource::Resource, status::Refusal};

/// Which objects are wanted.
#[derive(Clone, Debug)]
pub(super) struct Selector {
    labels: Vec<label::Requirement>,
    fields: Vec<field::Requirement>,
}

impl Selector {
    pub(super) fn of(options: &ListOptions, resource: &Resource) -> Result<Self, Refusal> {
        let labels = label::parse(&options.label_selector)
            .map_err(|why| Refusal::bad_request(format!("unable to parse requirement: {why}")))?;
        Ok(Self { labels, fields: field::parse(&options.field_selector, resource.what)? })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(super) fn matches(&self, draft: &Draft<'_>) -> bool {
        self.labels.iter().all(|requirement| requirement.holds(&draft.meta.labels)) && field::hold(&self.fields, draft)
    }
}
