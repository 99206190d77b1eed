//! The promises of the module as a whole, told through `read_text`, `read_paths` and `resolve_conflicts`.

mod bounds;
mod contract;
mod finding;
mod reading;

use super::{CatalogDocument, Limits, Outcome, Refusal, read_text};

/// Reads a text under the default bounds.
fn read(text: &str) -> Vec<Outcome> {
    read_text("catalog.yaml", text, &Limits::default())
}

/// The documents and the refusals of some outcomes, each in order.
fn sorted(outcomes: Vec<Outcome>) -> (Vec<CatalogDocument>, Vec<Refusal>) {
    let (mut documents, mut refusals) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        match outcome {
            Outcome::Document(document) => documents.push(document.unpack()),
            Outcome::Refused(refusal) => refusals.push(refusal),
        }
    }
    (documents, refusals)
}

fn places(refusals: &[Refusal]) -> Vec<(Option<u32>, Option<u32>)> {
    refusals.iter().map(|refusal| (refusal.line, refusal.column)).collect()
}

/// A valid component of eight lines.
fn component(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n\
         spec:\n  type: t\n  lifecycle: l\n  owner: o\n"
    )
}

/// A component whose `spec.x`, in line 9, is this text.
fn component_with(x: &str) -> String {
    format!("{}  x: {x}\n", component("a"))
}
