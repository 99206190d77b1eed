//! What is refused whatever else is published.

use super::*;
use crate::config::{Config, Environment};

/// What is told of it.
fn told(name: &str, url: &str, owner: Option<&str>) -> String {
    let config = Config::load(None, &Environment::of([])).unwrap().config.federation.clone();
    let problems = problems(&config, &Publish { name, url, sdl: "type Query { a: Int }", owner });
    assert!(problems.iter().all(|problem| problem.subgraph.as_deref() == Some(name)), "{problems:?}");
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[test]
fn addresses_are_safe_to_call() {
    for (url, says) in [
        ("no address", "the address"),
        ("", "the address"),
        ("/graphql", "the address"),
        ("ftp://example.com/graphql", "must be an http or https address"),
        ("file:///etc/passwd", "must be an http or https address"),
        ("data:text/plain,a", "must be an http or https address"),
        ("http://example.com/graphql", "must be https"),
        ("http://10.0.0.7/graphql", "must be https"),
        ("http://localhost.example.com/graphql", "must be https"),
        ("http://127.0.0.1.example.com/graphql", "must be https"),
        ("https://user:secret@example.com/graphql", "must not hold a name or password"),
        ("https://user@example.com/graphql", "must not hold a name or password"),
        ("http://169.254.169.254/latest", "must be https"),
        ("https://169.254.169.254/latest", "metadata"),
        ("https://[::ffff:a9fe:a9fe]/latest", "metadata"),
        ("https://2852039166/latest", "metadata"),
        ("https://[fd00:ec2::254]/latest", "metadata"),
        ("https://[fe80::1]/graphql", "metadata"),
        ("https://metadata.google.internal/computeMetadata", "metadata"),
        ("https://0.0.0.0/graphql", "metadata"),
    ] {
        let told = told("team", url, None);
        assert!(told.contains(says), "{url}: {told:?}");
        assert!(!told.contains("secret"), "{url}: {told:?}");
    }
    for url in [
        "https://team.example.com/graphql",
        "http://127.0.0.1:4001/graphql",
        "http://[::1]:4001",
        "http://localhost:4001",
    ] {
        assert_eq!(told("team", url, None), "", "{url}");
    }
}

#[test]
fn names_fit_everywhere() {
    let url = "https://team.example.com/graphql";
    let long = "a".repeat(41);
    for name in ["", "weft", "Team", "1team", "_team", "te am", "team__requires_0", "te/am", "t\u{e9}am", &long] {
        assert!(told(name, url, None).contains("a name is"), "{name}");
    }
    for name in ["team", "team-1", "team_1", "t"] {
        assert_eq!(told(name, url, None), "", "{name}");
    }
    assert!(told("team", url, Some("no reference: at all")).contains("the owner is no reference"));
}
