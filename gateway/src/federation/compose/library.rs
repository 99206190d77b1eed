//! Composition by `graphql-composition`.

use graphql_composition::{Subgraphs, compose, render_federated_sdl};

use super::Diagnostic;

/// The supergraph of these services: name, SDL, address.
pub fn supergraph(parts: &[(&str, &str, &str)]) -> Result<String, Vec<Diagnostic>> {
    let mut subgraphs = Subgraphs::default();
    for (name, sdl, url) in parts {
        subgraphs
            .ingest_str(sdl, name, Some(url))
            .map_err(|error| vec![Diagnostic::of(name, format!("the SDL cannot be read: {error}"))])?;
    }
    let names: Vec<&str> = parts.iter().map(|(name, ..)| *name).collect();
    let composed = compose(&mut subgraphs);
    let errors: Vec<Diagnostic> =
        composed.diagnostics().iter_errors().map(|message| diagnostic(message, &names)).collect();
    for warning in composed.diagnostics().iter_warnings() {
        tracing::debug!(warning, "composition");
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let graph = composed
        .into_result()
        .map_err(|_| vec![Diagnostic::of_all("the subgraphs cannot be composed, and the library does not say why")])?;
    render_federated_sdl(&graph).map_err(|error| vec![Diagnostic::of_all(error.to_string())])
}

/// The library writes the subgraph before the message, `[incidents] …`, where it is one.
fn diagnostic(message: &str, names: &[&str]) -> Diagnostic {
    let rest = message.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    match rest.filter(|(name, _)| names.contains(name)) {
        Some((name, message)) => Diagnostic::of(name, message),
        None => Diagnostic::of_all(message),
    }
}
