//! No text makes the reader crash, hang or take memory out of proportion, and none is refused for a bound it does not reach.

use proptest::prelude::*;

use super::{component_with, read, read_text, sorted};
use crate::catalog::Limits;

fn message(text: &str) -> String {
    let (documents, refusals) = sorted(read(text));
    assert!(documents.is_empty(), "it was accepted");
    refusals.first().map(|refusal| refusal.message.clone()).unwrap_or_default()
}

#[test]
fn nesting_of_a_hundred_thousand_levels_is_refused() {
    for level in ["[", "{a: ", "{\"a\":", "- ", "? "] {
        let deep = level.repeat(100_000);
        for text in [component_with(&deep), deep] {
            let (documents, refusals) = sorted(read(&text));
            assert_eq!((documents.len(), refusals.len()), (0, 1), "{level}");
        }
    }
}

#[test]
fn a_value_counts_once_however_deep_it_stands() {
    let deep = format!("[{}1]", "[[[1]]],".repeat(4_000));
    assert_eq!(sorted(read(&component_with(&deep))).0.len(), 1, "16000 values are fewer than the bound");
    let many = format!("[{}1]", "1,".repeat(20_000));
    assert_eq!(message(&component_with(&many)), "the document holds more than 20000 values");
}

#[test]
fn aliases_count_as_what_they_stand_for() {
    let plain = component_with("[&a [1, 2], *a]");
    let (documents, _) = sorted(read(&plain));
    assert_eq!(documents[0].spec["x"], serde_json::json!([[1, 2], [1, 2]]));

    let mut bomb = "[&a0 [1,1,1,1,1,1,1,1,1,1]".to_owned();
    for n in 1..30 {
        bomb.push_str(&format!(",&a{n} [{}1]", format!("*a{},", n - 1).repeat(9)));
    }
    bomb.push(']');
    for text in [component_with(&bomb), bomb] {
        assert_eq!(message(&text), "the document holds more than 20000 values");
    }
    let long = format!("[&a \"{}\"{}]", "y".repeat(100_000), ",*a".repeat(10_000));
    for text in [component_with(&long), long] {
        assert_eq!(message(&text), "the document holds more than 524288 bytes of text");
    }
}

#[test]
fn the_items_of_a_top_list_are_bounded_one_by_one() {
    let item = format!("[{}1]", "1,".repeat(15_000));
    let (_, refusals) = sorted(read(&format!("[{item},{item}]")));
    assert_eq!(refusals.len(), 2, "together they exceed the bound of one document");
    let keys: String = (0..60_000).map(|n| format!("\"k{n}\":1,")).collect();
    assert_eq!(message(&format!("[{{{keys}\"z\":1}}]")), "the document holds more than 20000 values");
}

#[test]
fn documents_of_a_file_are_bounded() {
    let limits = Limits { documents_per_file_max: 2, ..Limits::default() };
    for text in ["a: 1\n---\na: 1\n---\na: 1\n", "[{}, {}, {}]"] {
        let (_, refusals) = sorted(read_text("catalog.yaml", text, &limits));
        assert_eq!(refusals.len(), 1, "{text}");
        assert!(refusals[0].message.contains("documents"), "{}", refusals[0].message);
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), more in "[-\\[\\]{}:,&*!|>'\"\\\\ud83e\\n\\r\\t a#%.?0]{0,200}") {
        for text in [&text, &more, &component_with(&more)] {
            read(text);
        }
    }
}
