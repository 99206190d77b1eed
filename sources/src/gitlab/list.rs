//! Pages of what a project has many of: pipelines, merge requests, releases. First pages of fifty projects are one call.

use std::{collections::BTreeSet, fmt};

use schema::{CommitRecord, MergeRequestRecord, MergeRequestState, PipelineRecord, ReleaseRecord};
use serde::{Deserialize, Serialize};

use super::RepositoryKey;

/// What is listed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ListKind {
    /// Pipelines of all branches, newest first.
    Pipelines,
    /// Merge requests, latest change first; only those in these states, all when there is none. Sorted, each once.
    MergeRequests(Vec<MergeRequestState>),
    /// Releases, newest first.
    Releases,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListKey {
    /// Whose list.
    pub repository: RepositoryKey,
    /// Which page of which list.
    pub page: ListPage,
}

/// Which page of which list; what projects may be asked for together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ListPage {
    /// What is listed.
    pub kind: ListKind,
    /// How many items, 1 to 100.
    pub first: u32,
    /// Only what follows; none from the start.
    pub after: Option<Place>,
    /// Whether all items are counted too.
    pub is_counted: bool,
}

/// A place in a list, in GitLab's own cursors: one, or with several states one for each of them that is past its start.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Place(pub Vec<(Option<MergeRequestState>, String)>);

impl Place {
    /// Longest of GitLab's cursors that is sent back.
    const CURSOR_BYTES_MAX: usize = 500;

    /// Reads a place that a client brought back; none when it cannot be one.
    pub fn read(text: &str) -> Option<Self> {
        let place: Self = serde_json::from_str(text).ok()?;
        let is_cursor = |cursor: &String| {
            !cursor.is_empty()
                && cursor.len() <= Self::CURSOR_BYTES_MAX
                && cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=+/".contains(&byte))
        };
        let states: BTreeSet<_> = place.0.iter().map(|(state, _)| state).collect();
        let is_place = !place.0.is_empty() && states.len() == place.0.len();
        (is_place && place.0.iter().all(|(_, cursor)| is_cursor(cursor))).then_some(place)
    }

    /// The cursor of this state's part of the list.
    pub(super) fn of(&self, state: Option<MergeRequestState>) -> Option<&str> {
        self.0.iter().find(|(of, _)| *of == state).map(|(_, cursor)| cursor.as_str())
    }

    /// The same place, one item of this state further.
    pub(super) fn past(&mut self, state: Option<MergeRequestState>, cursor: &str) {
        self.0.retain(|(of, _)| *of != state);
        self.0.push((state, cursor.to_owned()));
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Strings and enumerations always serialise.
        out.write_str(&serde_json::to_string(self).unwrap_or_default())
    }
}

/// A page as GitLab gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListRecord {
    /// The items, each with its place.
    pub items: Vec<(Place, Item)>,
    /// There is more.
    pub has_next: bool,
    /// All items on every page, where they were counted.
    pub count: Option<i32>,
}

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Item {
    /// Of pipelines.
    Pipeline(PipelineRecord),
    /// Of merge requests.
    MergeRequest(MergeRequestRecord),
    /// Of releases.
    Release(ReleaseRecord),
    /// Of commits.
    Commit(CommitRecord),
}

impl Item {
    /// When it last changed: what parts of one list are merged by.
    pub(super) fn changed_at(&self) -> Option<schema::DateTime> {
        match self {
            Self::MergeRequest(record) => record.updated_at,
            Self::Pipeline(record) => record.created_at,
            Self::Release(record) => record.published_at,
            Self::Commit(record) => record.authored_at,
        }
    }
}

/// Merges parts of one list, each in order with the latest change first, to a page of `first` items.
pub(super) fn merge(
    after: Option<&Place>,
    parts: Vec<(Option<MergeRequestState>, ListPart)>,
    first: usize,
) -> ListRecord {
    let mut place = after.cloned().unwrap_or_default();
    let has_next = parts.iter().any(|(_, part)| part.has_next);
    let count = parts.iter().try_fold(0_i32, |sum, (_, part)| sum.checked_add(part.count?));
    let mut queues: Vec<_> =
        parts.into_iter().map(|(state, part)| (state, part.items.into_iter().peekable())).collect();
    let mut items = Vec::new();
    while items.len() < first {
        let latest = queues
            .iter_mut()
            .enumerate()
            .filter_map(|(at, (_, queue))| Some((queue.peek()?.1.changed_at(), std::cmp::Reverse(at))))
            .max();
        let Some((_, std::cmp::Reverse(at))) = latest else { break };
        let Some((state, queue)) = queues.get_mut(at) else { break };
        if let Some((cursor, item)) = queue.next() {
            place.past(*state, &cursor);
            items.push((place.clone(), item));
        }
    }
    let is_left = queues.iter_mut().any(|(_, queue)| queue.peek().is_some());
    ListRecord { items, has_next: has_next || is_left, count }
}

/// A part of a list, with GitLab's own cursors.
#[derive(Debug)]
pub(super) struct ListPart {
    pub(super) items: Vec<(String, Item)>,
    pub(super) has_next: bool,
    pub(super) count: Option<i32>,
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn part(state: MergeRequestState, times: &[i64], has_next: bool) -> (Option<MergeRequestState>, ListPart) {
        let item = |time: &i64| {
            let record = MergeRequestRecord {
                number: i32::try_from(*time).unwrap(),
                title: String::new(),
                state,
                author: None,
                created_at: None,
                updated_at: Some(DateTime::from_timestamp(*time, 0).unwrap().into()),
                merged_at: None,
                web_url: None,
            };
            (format!("c{time}"), Item::MergeRequest(record))
        };
        (Some(state), ListPart { items: times.iter().map(item).collect(), has_next, count: Some(10) })
    }

    #[test]
    fn states_are_merged_in_order_and_each_item_knows_where_every_state_goes_on() {
        use MergeRequestState::{Merged, Opened};
        let page = merge(None, vec![part(Opened, &[9, 5, 1], true), part(Merged, &[8, 7, 6], false)], 4);
        let numbers: Vec<i32> = page
            .items
            .iter()
            .map(|(_, item)| match item {
                Item::MergeRequest(record) => record.number,
                _ => panic!("a merge request"),
            })
            .collect();
        assert_eq!(numbers, [9, 8, 7, 6]);
        let (last, _) = page.items.last().unwrap();
        assert_eq!((last.of(Some(Opened)), last.of(Some(Merged))), (Some("c9"), Some("c6")));
        assert!(page.has_next);
        assert_eq!(page.count, Some(20));
        assert_eq!(Place::read(&last.to_string()).as_ref(), Some(last));
        let whole = merge(None, vec![part(Opened, &[9], false), part(Merged, &[8], false)], 4);
        assert!(!whole.has_next && whole.items.len() == 2);
    }

    #[test]
    fn only_cursors_are_sent_back_to_gitlab() {
        for text in [
            "",
            "[]",
            "[]x",
            r#"[[null,"a"],[null,"b"]]"#,
            r#"[[null,"a\"b"]]"#,
            r#"[[null,""]]"#,
            r#"[["OTHER","abc"]]"#,
        ] {
            assert_eq!(Place::read(text), None, "{text} was accepted");
        }
        assert_eq!(Place::read(&format!("[[null,\"{}\"]]", "a".repeat(501))), None);
    }
}
