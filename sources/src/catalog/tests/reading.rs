//! Where documents begin and end, and where faults are said to be.

use serde_json::json;

use super::{component, component_with, places, read, read_text, sorted};
use crate::catalog::{Limits, resolve_conflicts};

#[test]
fn documents_stand_alone_with_their_lines() {
    let (a, b) = (component("a"), component("b"));
    let text = format!("%YAML 1.2\n# first\n---\n{a}---\nkind: [\n---\n# nothing\n---  \n{b}");
    let (documents, refusals) = sorted(read(&text));
    assert_eq!(documents.iter().map(|found| found.line).collect::<Vec<_>>(), [4, 17]);
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert!(refusals[0].line.is_some_and(|line| (13..=14).contains(&line)), "{refusals:?}");

    let (documents, _) = sorted(read(&text.replace('\n', "\r\n")));
    assert_eq!(documents.iter().map(|found| found.line).collect::<Vec<_>>(), [4, 17], "with CRLF");
    let dashes = component_with("|\n    ---\n    ----");
    assert_eq!(sorted(read(&dashes)).0[0].spec["x"], "---\n----\n", "indented dashes are text");
    assert!(read("").is_empty() && read("# only\n").is_empty() && read("---\n---\n").is_empty());
}

#[test]
fn json_is_read_with_its_places_and_its_escapes() {
    let head = r#"{"apiVersion": "backstage.io/v1alpha1", "kind": "Domain", "#;
    let text = format!(
        "[{head}\"metadata\": {{\"name\": \"a\", \"title\": \"\\ud83d\\ude00\"}}, \"spec\": {{\"owner\": \"o\"}}}},\n {head}\
         \"metadata\": {{\"name\": \"b\"}},\n  \"spec\": {{\"owner\": 5}}}}]"
    );
    let (documents, refusals) = sorted(read_text("catalog.json", &text, &Limits::default()));
    assert_eq!(documents[0].title.as_deref(), Some("\u{1f600}"));
    assert_eq!(places(&refusals), [(Some(3), Some(21))], "{refusals:?}");
}

#[test]
fn faults_are_told_together_at_the_place_of_the_first() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\n  tags: [A]\n\
                spec:\n  type: ''\n  lifecycle: l\n  owner: 'a b'\n";
    let (_, refusals) = sorted(read(text));
    assert_eq!(places(&refusals), [(Some(5), Some(10))]);
    assert_eq!(refusals[0].message.split("; ").count(), 3, "{}", refusals[0].message);
    assert_eq!(refusals[0].entity_ref.as_ref().map(|found| found.as_str()), Some("component:default/a"));
}

#[test]
fn texts_that_cannot_be_kept_are_refused() {
    for (x, part) in [("\"a\\0b\"", "NUL"), ("{\"\\u0000\": 1}", "NUL"), (".inf", "NaN"), ("{a: 1, a: 2}", "twice")] {
        let (documents, refusals) = sorted(read(&component_with(x)));
        assert!(documents.is_empty(), "{x}");
        assert!(refusals[0].message.contains(part) && refusals[0].line == Some(9), "{x}: {refusals:?}");
    }
    assert!(sorted(read("a: \0")).1[0].message.contains("NUL"));
}

#[test]
fn an_unknown_visibility_is_refused_as_narrowly_as_a_known_one() {
    for (value, is_valid) in [("team", true), ("public", false), ("5", false)] {
        let text =
            component("a").replace("name: a", &format!("name: a\n  annotations: {{weft.dev/visibility: {value}}}"));
        let (documents, refusals) = sorted(read(&text));
        assert_eq!(documents.len(), usize::from(is_valid), "{value}");
        let told = documents.iter().map(|found| (found.is_team_only, &found.owner_ref));
        let (is_team_only, owner) =
            told.chain(refusals.iter().map(|found| (found.is_team_only, &found.owner_ref))).next().unwrap();
        assert_eq!(
            (is_team_only, owner.as_ref().map(|found| found.as_str())),
            (true, Some("group:default/o")),
            "{value}"
        );
    }
}

#[test]
fn relations_are_read_once_with_both_names() {
    let text = component("a").replace("name: a", "name: a\n  namespace: x")
        + "  system: s\n  providesApis: [p, api:x/p, P]\n  dependsOn: ['resource:default/r']\n";
    let (documents, _) = sorted(read(&text));
    let found: Vec<_> = documents[0]
        .relations
        .iter()
        .map(|relation| json!([relation.relation_type, relation.inverse_type, relation.target.as_str()]))
        .collect();
    assert_eq!(
        json!(found),
        json!([
            ["ownedBy", "ownerOf", "group:x/o"],
            ["partOf", "hasPart", "system:x/s"],
            ["providesApi", "apiProvidedBy", "api:x/p"],
            ["dependsOn", "dependencyOf", "resource:default/r"],
        ])
    );
}

#[test]
fn of_two_valid_claims_the_first_wins() {
    let text =
        format!("{}---\n{}---\n{}", component("a").replace("type: t", "type: 5"), component("A"), component("a"));
    let (documents, refusals) = sorted(resolve_conflicts(read(&text)));
    assert_eq!((documents[0].name.as_str(), documents.len()), ("A", 1), "a broken claim takes nothing");
    assert_eq!(refusals[1].message, "component:default/a is already declared in catalog.yaml:10");
}
