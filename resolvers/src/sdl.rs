//! The graph as text: for clients, for a supergraph, and whole, as documents are held against it.

use std::sync::LazyLock;

use async_graphql::{ObjectType, SDLExportOptions, Schema};

use crate::{
    Mutation, Query,
    federation::{DEPLOYMENT, KEYED},
    live::{ChangeEvent, Subscription},
    query::PublicQuery,
};

/// What a subgraph tells its supergraph before anything else.
const LINK: &str =
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\", \"@shareable\"])";

/// Types that other subgraphs have as well, with the same fields.
const SHAREABLE: [&str; 1] = ["PageInfo"];

/// The SDL for clients, as `schema/schema.graphql` has it.
pub fn public() -> String {
    export::<PublicQuery>()
}

/// The SDL of everything that can be asked, `_service` and `_entities` included.
pub fn whole() -> String {
    export::<Query>()
}

/// The SDL for composition: the public one with the directives of federation.
pub fn federation() -> String {
    static SDL: LazyLock<String> = LazyLock::new(with_keys);
    SDL.clone()
}

fn with_keys() -> String {
    let mut sdl = format!("{LINK}\n\n");
    for line in public().lines() {
        let name = line.strip_prefix("type ").and_then(|rest| rest.split([' ', '{']).next()).unwrap_or_default();
        let directives = if KEYED.iter().any(|(keyed, _)| *keyed == name) {
            "@key(fields: \"id\") @key(fields: \"ref\") {"
        } else if name == DEPLOYMENT {
            "@key(fields: \"id\") {"
        } else if SHAREABLE.contains(&name) {
            "@shareable {"
        } else {
            "{"
        };
        match line.strip_suffix('{').filter(|_| !name.is_empty()) {
            Some(head) => sdl.push_str(&format!("{head}{directives}\n")),
            None => sdl.push_str(&format!("{line}\n")),
        }
    }
    sdl
}

fn export<Q: ObjectType + Default + 'static>() -> String {
    let options = SDLExportOptions::new().use_space_ident().indent_width(2).include_specified_by();
    let schema =
        Schema::build(Q::default(), Mutation::default(), Subscription).register_output_type::<ChangeEvent>().finish();
    let mut sdl = schema.sdl_with_options(options).trim_end().to_owned();
    sdl.push('\n');
    sdl.push_str(crate::ages::DIRECTIVE);
    sdl.push_str(crate::cache_control::DIRECTIVE);
    annotated(&sdl)
}

/// The SDL with the directives of types: what an object costs, and how long it may be kept.
fn annotated(sdl: &str) -> String {
    let mut out = String::with_capacity(sdl.len() + 8 * 1024);
    for line in sdl.lines() {
        let rest = ["type ", "interface ", "union "].iter().find_map(|word| line.strip_prefix(word));
        let name = rest.and_then(|rest| rest.split([' ', '{']).next()).unwrap_or_default();
        let directives = [crate::cost::directive_of(name), crate::cache_control::directive_of(name)];
        let (head, tail) = line.find(['{', '=']).filter(|_| rest.is_some()).map_or((line, ""), |at| line.split_at(at));
        out.push_str(head);
        for directive in directives.into_iter().flatten() {
            out.push_str(&directive);
            out.push(' ');
        }
        out.push_str(tail);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyed_type_has_both_keys_and_clients_see_neither() {
        let sdl = federation();
        let head = |name: &str| sdl.lines().find(|line| line.starts_with(&format!("type {name} "))).unwrap();
        for (name, _) in KEYED {
            assert!(head(name).ends_with(" @key(fields: \"id\") @key(fields: \"ref\") {"), "{}", head(name));
        }
        assert!(head("Deployment").ends_with(" @key(fields: \"id\") {"));
        assert!(head("PageInfo").ends_with(" @shareable {"));
        for hidden in ["@key", "_service", "_entities", "_Any"] {
            assert!(!public().contains(hidden), "{hidden} is in the public SDL");
        }
        assert!(whole().contains("_entities("));
    }
}
