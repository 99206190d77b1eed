//! Reads an export in a thread of its own and hands lines for COPY on.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
};

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use csv::ByteRecord;
use tokio::sync::mpsc::Sender;
use uuid::Uuid;

use super::{
    copy::Lines,
    slice::{SLICES_MAX, Slice, Slices},
};
use crate::cost::{Charge, Columns, CostRules, Moments, Place, Renaming, RowFile, Targets};

/// Bytes that are sent at once.
const LINES_BYTES: usize = 4 << 20;

/// Keys that are remembered, so that each is sent once; beyond it some are sent again, which does no harm.
const KEYS_KEPT_MAX: usize = 2_000_000;

/// Rows by which the columns of a file are judged.
const ROWS_JUDGED: usize = 2_000;

/// Most refusals that are told one by one.
const REFUSALS_TOLD_MAX: usize = 100;

/// A row, or a whole file, that is not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRefusal {
    /// The file.
    pub file: PathBuf,
    /// Where in it; none where it is about the whole file.
    pub place: Option<Place>,
    /// What is wrong.
    pub reason: String,
}

/// What is read, with everything that is needed for it.
pub(super) struct Reading {
    pub(super) files: Vec<PathBuf>,
    pub(super) renaming: Renaming,
    pub(super) rules: CostRules,
    pub(super) targets: Targets,
    /// Rows that cannot be used are left out; else the export is not taken over at all.
    pub(super) sets_aside: bool,
    pub(super) bytes_read: Arc<AtomicU64>,
    pub(super) rows_read: Arc<AtomicU64>,
    pub(super) slices: Slices,
}

/// Lines, in the order in which they are to be copied.
pub(super) enum Part {
    /// The partition that rows to come need.
    Month(NaiveDate),
    Keys(Bytes),
    Rows(Bytes),
}

/// What was read.
#[derive(Default)]
pub(super) struct ReadEnd {
    pub(super) slices: Vec<Slice>,
    /// The first of what was refused.
    pub(super) refused: Vec<CostRefusal>,
    pub(super) refused_count: u64,
    /// A file could not be read, or not to its end: nobody knows what is missing.
    pub(super) is_broken: bool,
}

/// Nobody takes the lines any more.
struct Gone;

struct State {
    rules: CostRules,
    targets: Targets,
    sender: Sender<Part>,
    slices: Slices,
    moments: Moments,
    shown: HashMap<DateTime<Utc>, String>,
    months: HashSet<NaiveDate>,
    keys_sent: HashSet<Uuid>,
    keys: Lines,
    rows: Lines,
    end: ReadEnd,
    rows_read: Arc<AtomicU64>,
}

/// Reads all files. Ends early when nobody takes the lines any more, or when there is too much that cannot be used.
pub(super) fn read(reading: Reading, sender: Sender<Part>) -> ReadEnd {
    let Reading { files, renaming, rules, targets, sets_aside, bytes_read, rows_read, slices } = reading;
    let mut state = State {
        rules,
        targets,
        sender,
        slices,
        moments: Moments::default(),
        shown: HashMap::new(),
        months: HashSet::new(),
        keys_sent: HashSet::new(),
        keys: Lines::new(),
        rows: Lines::new(),
        end: ReadEnd::default(),
        rows_read,
    };
    for file in &files {
        let open = RowFile::open(file, &bytes_read);
        let done = match open {
            Ok(open) => state.file(file, open, &renaming, sets_aside),
            Err(error) => {
                state.give_up(file, None, format!("cannot be read: {error}"));
                Ok(())
            }
        };
        if done.is_err() || (!sets_aside && state.end.refused.len() >= REFUSALS_TOLD_MAX) {
            break;
        }
    }
    let _ = state.send_keys().and_then(|()| state.send_rows());
    ReadEnd { slices: state.slices.all, ..state.end }
}

impl State {
    fn file(&mut self, path: &Path, mut file: RowFile, renaming: &Renaming, sets_aside: bool) -> Result<(), Gone> {
        let top = file.header_place();
        let header = match file.header() {
            Ok(header) => header,
            Err(problem) => {
                self.give_up(path, top, format!("its header cannot be read: {problem}"));
                return Ok(());
            }
        };
        let mut columns = match Columns::read(header.iter(), renaming) {
            Ok(columns) => columns,
            Err(problem) => {
                self.give_up(path, top, problem.to_string());
                return Ok(());
            }
        };
        let mut first = Vec::new();
        let mut row = ByteRecord::new();
        let mut ended = None;
        while first.len() < ROWS_JUDGED && ended.is_none() {
            match file.next(&mut row) {
                Ok(Some(place)) => first.push((place, row.clone())),
                Ok(None) => ended = Some(None),
                Err(problem) => ended = Some(Some(problem)),
            }
        }
        columns.learn(&first, &|name| self.rules.names(name));
        for (place, row) in &first {
            self.row(path, &columns, *place, row)?;
        }
        while ended.is_none() {
            if !sets_aside && self.end.refused.len() >= REFUSALS_TOLD_MAX {
                return Ok(());
            }
            match file.next(&mut row) {
                Ok(Some(place)) => self.row(path, &columns, place, &row)?,
                Ok(None) => ended = Some(None),
                Err(problem) => ended = Some(Some(problem)),
            }
        }
        if let Some(Some(problem)) = ended {
            // What follows cannot be told from it.
            self.give_up(path, file.place(&problem), format!("cannot be read on: {problem}"));
        }
        Ok(())
    }

    fn row(&mut self, path: &Path, columns: &Columns, place: Place, row: &ByteRecord) -> Result<(), Gone> {
        self.rows_read.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let charge = match Charge::read(columns, row, &mut self.moments) {
            Ok(charge) => charge,
            Err(problem) => {
                self.refuse(path, Some(place), problem.to_string());
                return Ok(());
            }
        };
        let key = charge.key();
        if !self.keys_sent.contains(&key) {
            if let Err(reason) = self.write_key(&charge, key) {
                self.refuse(path, Some(place), reason);
                return Ok(());
            }
            if self.keys_sent.len() < KEYS_KEPT_MAX {
                self.keys_sent.insert(key);
            }
        }
        let rest = match charge.rest() {
            Ok(rest) => rest.map(|rest| serde_json::Value::Object(rest).to_string()),
            Err(problem) => {
                self.refuse(path, Some(place), problem.to_string());
                return Ok(());
            }
        };
        let (slice, is_new) = match self.slices.of(&charge) {
            Ok(found) => found,
            Err(problem) => {
                self.refuse(path, Some(place), problem.to_string());
                return Ok(());
            }
        };
        slice.add(&charge);
        let (id, month, number) = (slice.id, slice.month(), slice.rows);
        if is_new && self.months.insert(month) {
            self.send(Part::Month(month))?;
        }
        let starts_at = shown(&mut self.shown, charge.starts_at).to_owned();
        let ends_at = shown(&mut self.shown, charge.ends_at);
        let day = starts_at.get(..10).unwrap_or_default();
        let [billed, effective, list, contracted] = charge.amounts;
        self.rows
            .plain(&id.to_string())
            .plain(&month.to_string())
            .plain(&number.to_string())
            .plain(day)
            .plain(key.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            .plain(&starts_at)
            .plain(ends_at)
            .plain(charge.currency)
            .plain(billed)
            .plain(effective)
            .plain(list)
            .plain(contracted)
            .optional(rest.as_deref())
            .end();
        if self.rows.len() >= LINES_BYTES { self.send_rows() } else { Ok(()) }
    }

    fn write_key(&mut self, charge: &Charge<'_>, key: Uuid) -> Result<(), String> {
        let common = charge.common().map_err(|problem| problem.to_string())?;
        let found = self.rules.attribute(&common, &self.targets).map_err(|problem| problem.to_string())?;
        self.keys.key(key, &common, found);
        if self.keys.len() >= LINES_BYTES {
            let _ = self.send_keys();
        }
        Ok(())
    }

    fn give_up(&mut self, file: &Path, place: Option<Place>, reason: String) {
        self.end.is_broken = true;
        self.refuse(file, place, reason);
    }

    fn refuse(&mut self, file: &Path, place: Option<Place>, reason: String) {
        self.end.refused_count += 1;
        if self.end.refused.len() < REFUSALS_TOLD_MAX {
            self.end.refused.push(CostRefusal { file: file.to_owned(), place, reason });
        }
    }

    fn send_keys(&mut self) -> Result<(), Gone> {
        let lines = self.keys.take();
        self.send(Part::Keys(lines))
    }

    fn send_rows(&mut self) -> Result<(), Gone> {
        let lines = self.rows.take();
        self.send(Part::Rows(lines))
    }

    fn send(&self, part: Part) -> Result<(), Gone> {
        self.sender.blocking_send(part).map_err(|_| Gone)
    }
}

/// A moment as Postgres reads it, each made once.
fn shown(known: &mut HashMap<DateTime<Utc>, String>, moment: DateTime<Utc>) -> &str {
    if known.len() > SLICES_MAX {
        known.clear();
    }
    known.entry(moment).or_insert_with(|| moment.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string())
}
