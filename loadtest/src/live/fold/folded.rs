//! `Folded`: what a subscriber makes of what comes, and whether any of it comes twice.

use std::collections::HashSet;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::watching::Objects;

/// What has come of everything.
#[derive(Debug, Default)]
pub(super) struct Folded {
    pub(super) objects: Objects,
    /// Go on after it; none: begin anew.
    pub(super) cursor: Option<String>,
    /// Of all changes, and of what is in the present snapshot.
    seen: HashSet<String>,
    seen_in_snapshot: HashSet<String>,
    pub(super) changes: usize,
    pub(super) beginnings: usize,
    /// The reasons of all gaps.
    pub(super) gaps: Vec<String>,
}

/// What something was.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Change,
    SnapshotEnd,
    /// Begin anew.
    Gap,
}

impl Folded {
    /// Forgets everything: what follows is a snapshot, or comes on top of `objects` after `cursor`.
    pub(super) fn begin(&mut self, objects: Objects, cursor: Option<String>) {
        self.objects = objects;
        self.cursor = cursor;
        self.seen_in_snapshot.clear();
        self.beginnings += 1;
    }

    /// Takes over what came; an error where it must not have come.
    pub(super) fn take(&mut self, event: &Value) -> anyhow::Result<Taken> {
        let text = |field: &str| {
            let value = event.get(field).and_then(Value::as_str);
            value.map(str::to_owned).with_context(|| format!("no `{field}` in {event}"))
        };
        match &*text("__typename")? {
            "Gap" => {
                self.gaps.push(text("reason")?);
                self.cursor = None;
                return Ok(Taken::Gap);
            }
            "SnapshotEnd" => {
                self.cursor = Some(text("cursor")?);
                return Ok(Taken::SnapshotEnd);
            }
            _ => {}
        }
        let (cursor, kind, key) = (text("cursor")?, text("kind")?, text("key")?);
        let seen = if kind == "SNAPSHOT" { &mut self.seen_in_snapshot } else { &mut self.seen };
        ensure!(seen.insert(cursor.clone()), "a cursor came twice: {event}");
        self.cursor = Some(cursor);
        match event.get("now").filter(|now| !now.is_null() && kind != "DELETED") {
            Some(now) => drop(self.objects.insert(key, now.clone())),
            None => drop(self.objects.remove(&key)),
        }
        self.changes += 1;
        Ok(Taken::Change)
    }

    /// Some of the objects in which it differs from what there is.
    pub(super) fn differences(&self, tables: &Objects) -> Vec<String> {
        let keys = self.objects.keys().chain(tables.keys().filter(|key| !self.objects.contains_key(*key)));
        let differing = keys.filter(|key| self.objects.get(*key) != tables.get(*key));
        let tell = |key: &String| format!("{key}: {:?} instead of {:?}", self.objects.get(key), tables.get(key));
        differing.map(tell).take(3).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(cursor: &str, kind: &str, now: Value) -> Value {
        json!({ "__typename": "EntityChange", "cursor": cursor, "kind": kind, "key": "a", "now": now })
    }

    #[test]
    fn what_came_last_of_an_object_stands() {
        let mut folded = Folded::default();
        folded.begin(Objects::new(), None);
        folded.take(&change("1", "SNAPSHOT", json!({ "title": "one" }))).unwrap();
        folded.take(&change("2", "UPDATED", json!({ "title": "two" }))).unwrap();
        assert_eq!(folded.objects.get("a"), Some(&json!({ "title": "two" })));
        assert_eq!(folded.differences(&Objects::new()).len(), 1);
        folded.take(&change("3", "DELETED", Value::Null)).unwrap();
        assert!(folded.differences(&Objects::new()).is_empty());
        assert_eq!((folded.cursor.as_deref(), folded.changes), (Some("3"), 3));
    }

    #[test]
    fn a_cursor_that_comes_twice_is_an_error_also_after_a_gap() {
        let mut folded = Folded::default();
        folded.take(&change("1", "CREATED", json!({}))).unwrap();
        let gap = json!({ "__typename": "Gap", "toCursor": "2", "reason": "RESET" });
        assert_eq!(folded.take(&gap).unwrap(), Taken::Gap);
        assert_eq!((folded.cursor.take(), folded.gaps.as_slice()), (None, ["RESET".to_owned()].as_slice()));
        folded.begin(Objects::new(), None);
        assert!(folded.take(&change("1", "CREATED", json!({}))).is_err());
        assert!(folded.take(&json!({ "__typename": "Gap", "toCursor": "2" })).is_err(), "a gap without a reason");
    }
}
