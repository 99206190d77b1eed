//! Composition by `graphql-composition`.

use graphql_composition::{Subgraphs, compose, render_federated_sdl};

use super::{Diagnostic, OWN, links};

/// With what sentences of the library begin, and what of it are no types.
const SENTENCE: [&str; 14] = [
    "The",
    "Error",
    "Cannot",
    "Union",
    "Object",
    "Interface",
    "Input",
    "Enum",
    "Invalid",
    "None",
    "Field",
    "Values",
    "Definition",
    "Only",
];

/// The supergraph of these services: name, SDL, address.
pub fn supergraph(parts: &[(&str, &str, &str)]) -> Result<String, Vec<Diagnostic>> {
    let mut subgraphs = Subgraphs::default();
    for (name, sdl, url) in parts {
        subgraphs
            .ingest_str(&links::plain(sdl), name, Some(url))
            .map_err(|error| vec![Diagnostic::of(name, format!("the SDL cannot be read: {error}"))])?;
    }
    let composed = compose(&mut subgraphs);
    let errors: Vec<Diagnostic> =
        composed.diagnostics().iter_errors().map(|message| diagnostic(message, parts)).collect();
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

/// The library writes the subgraph before the message, `[incidents] …`, where it is one; else one may be named within, or only
/// one has what the message is about.
fn diagnostic(message: &str, parts: &[(&str, &str, &str)]) -> Diagnostic {
    let names: Vec<&str> = parts.iter().map(|(name, ..)| *name).collect();
    let rest = message.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (subgraph, message) = match rest.filter(|(name, _)| names.contains(name)) {
        Some((name, message)) => (Some(name), message.trim_start_matches(':').trim_start()),
        None => (None, message),
    };
    let words = || {
        message
            .split(|letter: char| letter.is_whitespace() || "\"`'(),:".contains(letter))
            .map(|word| word.trim_end_matches('.'))
    };
    // The last is the one that came to the others.
    let subgraph = subgraph.or_else(|| words().rfind(|word| *word != OWN && names.contains(word)));
    let place = words().find(|word| is_place(word)).or_else(|| words().find(|word| is_type(word)));
    let told = match subgraph.or_else(|| only_one_with(place?, parts)) {
        Some(name) => Diagnostic::of(name, message),
        None => Diagnostic::of_all(message),
    };
    match place {
        Some(place) => told.at(place),
        None => told,
    }
}

/// The only subgraph that writes all parts of a place.
fn only_one_with<'a>(place: &str, parts: &[(&'a str, &str, &str)]) -> Option<&'a str> {
    let writes = |sdl: &str, name: &str| {
        sdl.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(|word| word == name)
    };
    let mut with = parts.iter().filter(|(_, sdl, _)| place.split('.').all(|name| writes(sdl, name)));
    let (name, ..) = with.next()?;
    (with.next().is_none() && *name != OWN).then_some(*name)
}

/// `Component.name`, as types are called.
fn is_place(word: &str) -> bool {
    word.split_once('.')
        .is_some_and(|(ty, field)| is_type(ty) && field.starts_with(|first: char| first.is_ascii_lowercase()))
}

/// `Component`, and not the first word of a sentence.
fn is_type(word: &str) -> bool {
    let is_word = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word && word.starts_with(|first: char| first.is_ascii_uppercase()) && !SENTENCE.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_their_subgraph_and_place() {
        for (message, told) in [
            (
                "[team] Error in @key at Component: the nothing field does not exist on Component",
                "team: Component: Error in",
            ),
            ("[team]: Union type `A` is used", "team: A: Union type"),
            (
                "The Component.ref field has conflicting types in different subgraphs: String! in weft but Int! in team",
                "team: Component.ref: The Component.ref",
            ),
            (
                "The values of enum \"Currency\" do not match in subgraphs \"weft\" and \"team\".",
                "team: Currency: The values",
            ),
            ("The `Node.more` field is not implemented by `Component`", "team: Node.more: The"),
            ("The `Node.id` field is not implemented by `Component`", "Node.id: The"),
            ("None of the subgraphs define any root", "None of"),
        ] {
            let parts =
                [("weft", "interface Node { id: ID! }", ""), ("team", "interface Node { id: ID! more: Int }", "")];
            let diagnostic = diagnostic(message, &parts).to_string();
            assert!(diagnostic.starts_with(told), "{diagnostic}");
        }
    }
}
