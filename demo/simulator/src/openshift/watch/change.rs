//! The difference of two states, as watch events.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{accept::Form, draft::Draft, list::event, resource::Resource},
    Watched,
};

/// What became of `old`; `number` is the version of what is gone.
pub(super) fn between(watched: &Watched, old: &[Draft<'_>], new: &[Draft<'_>], number: u64) -> Vec<Value> {
    let Watched { resource, selector, form, .. } = watched;
    let known: BTreeMap<_, _> = old.iter().map(|draft| (draft.key(), draft)).collect();
    let still: BTreeMap<_, _> = new.iter().map(|draft| (draft.key(), draft)).collect();
    let mut events = Vec::new();
    let mut tell = |kind: &str, draft: &Draft<'_>| events.push(event(kind, object(draft, resource, *form)));
    let gone_at = |draft: &Draft<'_>| {
        let mut gone = event("DELETED", object(draft, resource, *form));
        if let Some(version) = gone.pointer_mut("/object/metadata/resourceVersion") {
            *version = json!(number.to_string());
        }
        gone
    };
    let mut gone = Vec::new();
    for (key, draft) in &known {
        // A name used again for something else is a deletion and an addition.
        let is_same = still.get(key).is_some_and(|new| new.meta.uid == draft.meta.uid);
        if !is_same && selector.matches(draft) {
            gone.push(gone_at(draft));
        }
    }
    for (key, draft) in &still {
        let before = known.get(key).filter(|old| old.meta.uid == draft.meta.uid);
        match before {
            Some(old) if old.version == draft.version => {}
            Some(old) => match (selector.matches(old), selector.matches(draft)) {
                (true, true) => tell("MODIFIED", draft),
                // Leaving the selector looks like a deletion, entering it like an addition.
                (true, false) => gone.push(gone_at(old)),
                (false, true) => tell("ADDED", draft),
                (false, false) => {}
            },
            None if selector.matches(draft) => tell("ADDED", draft),
            None => {}
        }
    }
    gone.into_iter().chain(events).collect()
}

/// The object of an event.
pub(super) fn object(draft: &Draft<'_>, resource: &Resource, form: Form) -> Value {
    match form {
        Form::Whole => draft.to_object(resource),
        Form::Partial => draft.to_partial(),
    }
}
