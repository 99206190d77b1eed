//! What is replaced as a whole: what one billing account is charged in one billing period.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use crate::cost::Charge;

/// Most slices of an export: accounts times months.
pub(super) const SLICES_MAX: usize = 20_000;

/// Most sub-accounts that are kept of a slice.
pub(super) const SUB_ACCOUNTS_MAX: usize = 10_000;

/// A slice, as far as it was read.
#[derive(Debug, Clone)]
pub(super) struct Slice {
    pub(super) id: i64,
    pub(super) issuer: String,
    pub(super) account: String,
    pub(super) period_start: DateTime<Utc>,
    pub(super) period_end: DateTime<Utc>,
    pub(super) rows: i64,
    pub(super) first_day: NaiveDate,
    /// Of charges of a day at most: fees for a whole month say nothing of the days to come.
    pub(super) latest_end: Option<DateTime<Utc>>,
    pub(super) sub_accounts: BTreeSet<String>,
    pub(super) is_invoiced: bool,
}

impl Slice {
    /// The month whose partition takes its rows.
    pub(super) fn month(&self) -> NaiveDate {
        let day = self.period_start.date_naive();
        day.with_day(1).unwrap_or(day)
    }

    /// The last day for the whole of which there are charges.
    pub(super) fn complete_until(&self, now: DateTime<Utc>) -> Option<NaiveDate> {
        let end = self.latest_end?.min(self.period_end).min(now);
        (end - TimeDelta::days(1)).date_naive().into()
    }
}

/// The slices of an export, found by what a charge says.
#[derive(Debug, Default)]
pub(super) struct Slices {
    by_period: HashMap<(DateTime<Utc>, String, String), usize>,
    pub(super) all: Vec<Slice>,
    ids: std::vec::IntoIter<i64>,
    last: Option<usize>,
}

/// Why a charge is in no slice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SliceProblem {
    #[error("its billing period ends at {0}, that of others with the same beginning at {1}")]
    End(DateTime<Utc>, DateTime<Utc>),
    #[error("the export has more than {SLICES_MAX} billing accounts and periods: import it in parts")]
    Many,
}

impl Slices {
    /// None yet; each gets the next of these ids.
    pub(super) fn with_ids(ids: Vec<i64>) -> Self {
        Self { ids: ids.into_iter(), ..Self::default() }
    }

    /// The slice of a charge, and whether it is new.
    pub(super) fn of(&mut self, charge: &Charge<'_>) -> Result<(&mut Slice, bool), SliceProblem> {
        let is_of = |slice: &Slice| {
            slice.period_start == charge.period_start
                && slice.issuer == charge.issuer
                && slice.account == charge.account
        };
        let mut is_new = false;
        let at = match self.last.filter(|at| self.all.get(*at).is_some_and(is_of)) {
            Some(at) => at,
            None => {
                let key = (charge.period_start, charge.issuer.to_owned(), charge.account.to_owned());
                match self.by_period.get(&key) {
                    Some(at) => *at,
                    None => {
                        is_new = true;
                        let slice = Slice {
                            id: self.ids.next().ok_or(SliceProblem::Many)?,
                            issuer: charge.issuer.to_owned(),
                            account: charge.account.to_owned(),
                            period_start: charge.period_start,
                            period_end: charge.period_end,
                            rows: 0,
                            first_day: charge.starts_at.date_naive(),
                            latest_end: None,
                            sub_accounts: BTreeSet::new(),
                            is_invoiced: true,
                        };
                        self.all.push(slice);
                        self.by_period.insert(key, self.all.len() - 1);
                        self.all.len() - 1
                    }
                }
            }
        };
        self.last = Some(at);
        let slice = self.all.get_mut(at).ok_or(SliceProblem::Many)?;
        if slice.period_end != charge.period_end {
            return Err(SliceProblem::End(charge.period_end, slice.period_end));
        }
        Ok((slice, is_new))
    }
}

impl Slice {
    /// Counts a charge in.
    pub(super) fn add(&mut self, charge: &Charge<'_>) {
        self.rows += 1;
        self.first_day = self.first_day.min(charge.starts_at.date_naive());
        if charge.ends_at - charge.starts_at <= TimeDelta::days(1) {
            self.latest_end = self.latest_end.max(Some(charge.ends_at));
        }
        self.is_invoiced &= charge.is_invoiced;
        if let Some(sub_account) = charge.sub_account
            && !self.sub_accounts.contains(sub_account)
            && self.sub_accounts.len() < SUB_ACCOUNTS_MAX
        {
            self.sub_accounts.insert(sub_account.to_owned());
        }
    }
}

/// Sub-accounts that a slice had and its successor has not, by the slice's name: then the successor tells a part of it only.
pub(super) fn missing<'s>(
    before: &'s BTreeMap<String, BTreeSet<String>>,
    now: &BTreeMap<String, BTreeSet<String>>,
) -> Option<(&'s str, &'s str)> {
    before.iter().find_map(|(name, sub_accounts)| {
        let now = now.get(name)?;
        let lost = sub_accounts.iter().find(|sub_account| !now.contains(*sub_account))?;
        Some((name.as_str(), lost.as_str()))
    })
}
