//! Places in the change log. Rows get their numbers when they are written and become visible when their transaction commits, so "all up to
//! this number" is no place: a transaction that commits late would be skipped, or hold up everybody until it ends. A place here is a set,
//! as Postgres' own snapshots are: which transactions had ended, and of those that ended since, up to which row has been read.

use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
    sync::Arc,
};

/// Transactions that ran when somebody looked, of which a snapshot knows. Where more ran, it ends before the others: what it does not
/// see yet comes later, and cursors stay short.
const RUNNING_MAX: usize = 32;

/// A row of the log: in the order of its transaction, and then as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangeRow {
    /// The transaction: Postgres' `xid8`.
    pub transaction_id: u64,
    /// The row.
    pub position: i64,
}

impl ChangeRow {
    /// Before any row.
    const FIRST: Self = Self { transaction_id: 0, position: i64::MIN };
}

/// Which transactions had ended when somebody looked: Postgres' `pg_snapshot`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSnapshot {
    /// None from this one on.
    end: u64,
    /// And of those before it all but these, the oldest first.
    running: Vec<u64>,
    /// As Postgres writes it: each change of a page is told with it.
    text: Box<str>,
}

impl ChangeSnapshot {
    fn new(end: u64, mut running: Vec<u64>) -> Self {
        running.retain(|id| *id < end);
        running.sort_unstable();
        let end = running.get(RUNNING_MAX).copied().unwrap_or(end);
        running.truncate(RUNNING_MAX);
        let ids: Vec<String> = running.iter().map(u64::to_string).collect();
        let text = format!("{}:{end}:{}", running.first().unwrap_or(&end), ids.join(",")).into();
        Self { end, running, text }
    }

    /// Whether it sees what this transaction wrote, if it committed.
    pub fn sees(&self, transaction_id: u64) -> bool {
        transaction_id < self.end && self.running.binary_search(&transaction_id).is_err()
    }

    /// None from this transaction on.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Before the end all but these.
    pub fn running(&self) -> &[u64] {
        &self.running
    }

    fn holds(&self, other: &Self) -> bool {
        other.end <= self.end && !self.running.iter().any(|id| other.sees(*id))
    }

    /// The first transaction that it does not see.
    fn first_unseen(&self) -> u64 {
        self.running.first().copied().unwrap_or(self.end)
    }
}

/// As Postgres writes it.
impl Display for ChangeSnapshot {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for ChangeSnapshot {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unread = || format!("`{text}` is no snapshot");
        let [_, end, running] = *text.split(':').collect::<Vec<_>>() else { return Err(unread()) };
        let ids = running.split(',').filter(|id| !id.is_empty()).map(u64::from_str);
        let (end, ids) = (end.parse(), ids.collect::<Result<Vec<u64>, _>>());
        Ok(Self::new(end.map_err(|_| unread())?, ids.map_err(|_| unread())?))
    }
}

/// What has been read of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePosition {
    /// All that this sees,
    seen: Arc<ChangeSnapshot>,
    /// and of what this sees besides
    until: Arc<ChangeSnapshot>,
    /// everything up to here.
    row: ChangeRow,
}

impl ChangePosition {
    /// Nothing has been read.
    pub fn start() -> Self {
        Self::at(ChangeSnapshot::new(1, Vec::new()))
    }

    /// All has been read that this sees.
    pub fn at(snapshot: ChangeSnapshot) -> Self {
        let seen = Arc::new(snapshot);
        Self { until: Arc::clone(&seen), seen, row: ChangeRow::FIRST }
    }

    /// All has been read that `seen` sees, and of what `until` sees besides everything up to `row`.
    pub(super) fn within(seen: &Arc<ChangeSnapshot>, until: &Arc<ChangeSnapshot>, row: ChangeRow) -> Self {
        Self { seen: Arc::clone(seen), until: Arc::clone(until), row }
    }

    /// Whether it is in the middle of nothing: `until` has been read to its end.
    pub(super) fn is_whole(&self) -> bool {
        Arc::ptr_eq(&self.seen, &self.until) || self.seen == self.until
    }

    /// What is read next, with what has been read of before: of what is being read the rest, or all there is now (none). Not beyond
    /// what has been read at `to`, as far as whole snapshots go.
    pub(super) fn next<'a>(
        &'a self,
        to: Option<&'a Self>,
    ) -> (&'a Arc<ChangeSnapshot>, Option<&'a Arc<ChangeSnapshot>>) {
        let until = match to {
            _ if !self.is_whole() => Some(&self.until),
            Some(to) if self.seen.holds(&to.seen) => Some(&to.until),
            Some(to) => Some(&to.seen),
            None => None,
        };
        (&self.seen, until)
    }

    /// The row that was read last, where the place is that of a change.
    pub fn row(&self) -> ChangeRow {
        self.row
    }

    /// Whether this row has been read.
    pub fn has(&self, row: ChangeRow) -> bool {
        self.seen.sees(row.transaction_id) || (row <= self.row && self.until.sees(row.transaction_id))
    }

    /// Whether everything has been read that has been read there. Never wrongly true; of places that were reached on different ways
    /// it may be wrongly false.
    pub fn holds(&self, other: &Self) -> bool {
        if self.seen.holds(&other.until) {
            return true;
        }
        let is_later = self.until == other.until && self.row >= other.row;
        self.seen.holds(&other.seen) && (other.is_whole() || is_later)
    }

    /// Whether it can have been reached when no more than `newest` had been written.
    pub fn is_possible_at(&self, newest: &Self) -> bool {
        self.until.end <= newest.until.end
    }

    /// No row before this one is missing for whoever goes on from here.
    pub(super) fn first_unread(&self) -> ChangeRow {
        let after = ChangeRow { transaction_id: self.until.first_unseen(), ..ChangeRow::FIRST };
        if self.is_whole() { after } else { after.min(self.row) }
    }
}

/// To be kept by whoever goes on from here: a snapshot, or in the middle of one what had been read before, and the row.
impl Display for ChangePosition {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.until)?;
        if self.is_whole() {
            return Ok(());
        }
        write!(formatter, " {} {} {}", self.seen, self.row.transaction_id, self.row.position)
    }
}

impl FromStr for ChangePosition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match *text.split(' ').collect::<Vec<_>>() {
            [whole] => Ok(Self::at(whole.parse()?)),
            [until, seen, transaction_id, position] => {
                let number = |_| format!("`{text}` is no place in the log");
                let row = ChangeRow {
                    transaction_id: transaction_id.parse().map_err(number)?,
                    position: position.parse().map_err(number)?,
                };
                let (seen, until) = (seen.parse()?, until.parse()?);
                // Between a snapshot and itself there is no row: it has been read to its end.
                if seen == until {
                    return Ok(Self::at(until));
                }
                Ok(Self { seen: Arc::new(seen), until: Arc::new(until), row })
            }
            _ => Err(format!("`{text}` is no place in the log")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Transactions that begin and end in any order, and what is seen of them.
    #[derive(Default)]
    struct Log {
        begun: u64,
        running: Vec<u64>,
    }

    impl Log {
        fn goes_on(&mut self, step: u8) {
            if step.is_multiple_of(3) || self.running.is_empty() {
                self.begun += 1;
                self.running.push(self.begun);
            } else {
                self.running.swap_remove(usize::from(step) % self.running.len());
            }
        }

        fn snapshot(&self) -> ChangeSnapshot {
            ChangeSnapshot::new(self.begun + 1, self.running.clone())
        }
    }

    /// What a reader gets that goes on from `after`: at most two rows of what the snapshot sees, of transactions with two rows each.
    fn read(after: &ChangePosition, now: &ChangeSnapshot, begun: u64) -> (Vec<ChangeRow>, ChangePosition) {
        let now = Arc::new(now.clone());
        let (seen, until) = after.next(None);
        let until = until.unwrap_or(&now);
        let rows = (1..=begun).flat_map(|transaction_id| [1, 2].map(|position| ChangeRow { transaction_id, position }));
        let is_next =
            |row: &ChangeRow| until.sees(row.transaction_id) && !seen.sees(row.transaction_id) && *row > after.row();
        let rows: Vec<ChangeRow> = rows.filter(is_next).take(2).collect();
        let read = match rows.as_slice() {
            [_, last] => ChangePosition::within(seen, until, *last),
            _ => ChangePosition::at(ChangeSnapshot::clone(until)),
        };
        (rows, read)
    }

    proptest! {
        #[test]
        fn every_row_is_read_once_whoever_reads_on_and_whatever_else_runs(
            steps in proptest::collection::vec(any::<u8>(), 1..300),
            burst in 0..60_u64,
        ) {
            let mut log = Log { begun: burst, running: (1..=burst).collect() };
            let (mut at, mut got) = (ChangePosition::start(), BTreeSet::new());
            let mut places = vec![at.clone()];
            for step in &steps {
                log.goes_on(*step);
                let (rows, next) = read(&at, &log.snapshot(), log.begun);
                for row in &rows {
                    prop_assert!(got.insert(*row), "{row:?} came twice");
                    prop_assert!(!at.has(*row) && next.has(*row), "{row:?}");
                }
                prop_assert!(next.holds(&at) && next.holds(&next), "{at} {next}");
                // What is kept by a client leads to the same place.
                at = next.to_string().parse().unwrap();
                prop_assert_eq!(&at, &next);
                places.push(next);
            }
            log.running.clear();
            loop {
                let (rows, next) = read(&at, &log.snapshot(), log.begun);
                let is_end = rows.is_empty() && next == at;
                got.extend(rows);
                at = next;
                if is_end {
                    break;
                }
            }
            prop_assert_eq!(got.len() as u64, log.begun * 2);
            // From any place on the way one is behind what follows, and lost is what was dropped after it.
            for pair in places.windows(2) {
                prop_assert!(at.holds(&pair[0]));
                prop_assert!(pair[0] == pair[1] || !pair[0].holds(&pair[1]));
                let unread = got.iter().filter(|row| !pair[0].has(**row));
                prop_assert!(unread.min().is_none_or(|first| *first >= pair[0].first_unread()));
            }
        }

        #[test]
        fn whatever_is_read_is_written_the_same(
            text in "[1-3]:[1-3]:[1-3]?( [1-3]:[1-3]:[1-3]? [0-9]{1,5} -?[0-9]{1,5})?|[0-9]{1,5}:[0-9]{1,5}:[0-9,]{0,40}( [0-9: ,a]{0,40})?",
        ) {
            if let Ok(position) = text.parse::<ChangePosition>() {
                prop_assert_eq!(position.to_string().parse(), Ok(position));
            }
        }
    }
}
