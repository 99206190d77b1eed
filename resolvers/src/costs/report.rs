//! `Report`: the cells of one question, summed up.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schema::{CostGroupOrder, CostQuery, CostRowKind, Decimal, SharedCostSplit};
use sources::postgres::{CostCell, CostPeriods};

use super::Steps;

/// What ISO 4217 says where there is no currency.
const NO_CURRENCY: &str = "XXX";

/// Charges with the same keys and of the same kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// In the range.
    pub total: Decimal,
    /// In as many days before it.
    pub previous: Decimal,
    /// By the first day of each step.
    pub steps: BTreeMap<NaiveDate, Decimal>,
}

/// A group, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What kind of charges.
    pub kind: CostRowKind,
    /// A value for each entry of `groupBy`.
    pub keys: Vec<Option<String>>,
    /// What it sums up to.
    pub sums: Sums,
}

/// A report.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was asked.
    pub query: CostQuery,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// What is known of the data behind it.
    pub periods: CostPeriods,
    /// The groups, by kind and keys.
    groups: BTreeMap<(CostRowKind, Vec<Option<String>>), Sums>,
    /// What rounding left over when shared costs were split.
    pub residual: Decimal,
    has_previous: bool,
    /// The sum of everything.
    whole: Decimal,
}

impl Report {
    /// Sums cells up; refused where they are in several currencies: none can be added to another.
    pub fn of(query: &CostQuery, cells: Vec<CostCell>, periods: CostPeriods) -> Result<Self, String> {
        let currencies: BTreeSet<&str> = cells.iter().map(|cell| cell.currency.as_str()).collect();
        if currencies.len() > 1 {
            let listed = currencies.into_iter().collect::<Vec<_>>().join("`, `");
            return Err(format!(
                "the charges are in several currencies, and none is converted: pass `currency`, one of `{listed}`"
            ));
        }
        let found = currencies.into_iter().next().map(str::to_owned);
        let currency = found.or_else(|| query.currency.clone()).unwrap_or_else(|| NO_CURRENCY.to_owned());
        let has_previous = cells.iter().any(|cell| cell.is_previous);
        let mut residual = Decimal::default();
        let mut groups: BTreeMap<(CostRowKind, Vec<Option<String>>), Sums> = BTreeMap::new();
        for cell in cells {
            let sums = groups.entry((cell.kind, cell.keys)).or_default();
            if cell.is_previous {
                sums.previous += &cell.amount;
            } else {
                residual += &cell.residual;
                sums.total += &cell.amount;
                *sums.steps.entry(cell.step).or_default() += &cell.amount;
            }
        }
        if query.shared_costs != SharedCostSplit::Separate {
            // Digits of weights say nothing.
            groups.values_mut().for_each(Sums::trim);
        }
        let whole = Decimal::default();
        let mut report = Self { query: query.clone(), currency, periods, groups, residual, has_previous, whole };
        report.whole = report.sum(None, |sums| &sums.total);
        Ok(report)
    }

    /// The sum of all charges of a kind; of all kinds when none is given.
    pub fn total(&self, kind: Option<CostRowKind>) -> Decimal {
        if kind.is_none() { self.whole.clone() } else { self.sum(kind, |sums| &sums.total) }
    }

    /// The sum of as many days before; none without data.
    pub fn previous_total(&self) -> Option<Decimal> {
        self.has_previous.then(|| self.sum(None, |sums| &sums.previous))
    }

    fn sum(&self, kind: Option<CostRowKind>, of: impl Fn(&Sums) -> &Decimal) -> Decimal {
        let mut sum = Decimal::default();
        for ((found, _), sums) in &self.groups {
            if kind.is_none_or(|kind| kind == *found) {
                sum += of(sums);
            }
        }
        if self.query.shared_costs == SharedCostSplit::Separate { sum } else { sum.trimmed() }
    }

    /// What a group was before; none without data.
    pub fn previous(&self, group: &Group) -> Option<Decimal> {
        self.has_previous.then(|| group.sums.previous.clone())
    }

    /// The steps of the range.
    pub fn steps(&self) -> Steps {
        Steps::of(&self.query, self.periods.complete_until)
    }

    /// The total by steps.
    pub fn total_by_step(&self) -> BTreeMap<NaiveDate, Decimal> {
        Self::by_step(self.groups.values())
    }

    /// What is not restricted: in all, in as many days before, and by steps.
    pub fn seen(&self) -> Sums {
        let mut seen = Sums::default();
        for (_, sums) in self.groups.iter().filter(|((kind, _), _)| *kind != CostRowKind::Restricted) {
            seen.add(sums);
        }
        seen
    }

    /// Whether there is anything of the days before.
    pub fn has_previous(&self) -> bool {
        self.has_previous
    }

    fn by_step<'a>(sums: impl Iterator<Item = &'a Sums>) -> BTreeMap<NaiveDate, Decimal> {
        let mut steps: BTreeMap<NaiveDate, Decimal> = BTreeMap::new();
        for (step, amount) in sums.flat_map(|sums| &sums.steps) {
            *steps.entry(*step).or_default() += amount;
        }
        steps
    }

    /// All groups with charges in the range, in order; of the owned ones the first `top`, and the others as one.
    pub fn groups(&self, top: Option<usize>, order: CostGroupOrder) -> Vec<Group> {
        let group = |((kind, keys), sums): (&(CostRowKind, Vec<Option<String>>), &Sums)| Group {
            kind: *kind,
            keys: keys.clone(),
            sums: sums.clone(),
        };
        let mut groups: Vec<Group> = self.groups.iter().filter(|(_, sums)| !sums.steps.is_empty()).map(group).collect();
        // They stand in the order of their keys already, within each kind; a value before none.
        groups.sort_by_cached_key(by_key);
        match order {
            CostGroupOrder::KeyAsc => {}
            CostGroupOrder::TotalDesc => groups.sort_by(|one, other| other.sums.total.cmp(&one.sums.total)),
            CostGroupOrder::TotalAsc => groups.sort_by(|one, other| one.sums.total.cmp(&other.sums.total)),
        }
        let Some(top) = top else { return groups };
        let mut kept = 0;
        let mut others: Option<Sums> = None;
        groups.retain(|group| {
            if group.kind != CostRowKind::Owned {
                return true;
            }
            kept += 1;
            if kept > top {
                others.get_or_insert_default().add(&group.sums);
            }
            kept <= top
        });
        if let Some(sums) = others {
            let keys = vec![None; self.query.group_by.len()];
            groups.push(Group { kind: CostRowKind::Remainder, keys, sums });
        }
        groups
    }

    /// Each group at each step, by date, then by keys, then by kind.
    pub fn rows(&self) -> Vec<(NaiveDate, &[Option<String>], CostRowKind, &Decimal)> {
        let mut rows: Vec<_> = self
            .groups
            .iter()
            .flat_map(|((kind, keys), sums)| {
                sums.steps.iter().map(move |(step, amount)| (*step, keys.as_slice(), *kind, amount))
            })
            .collect();
        rows.sort_by(|one, other| (one.0, one.1, one.2).cmp(&(other.0, other.1, other.2)));
        rows
    }
}

impl Sums {
    fn trim(&mut self) {
        self.total = self.total.trimmed();
        self.previous = self.previous.trimmed();
        self.steps.values_mut().for_each(|amount| *amount = amount.trimmed());
    }

    fn add(&mut self, other: &Self) {
        self.total += &other.total;
        self.previous += &other.previous;
        for (step, amount) in &other.steps {
            *self.steps.entry(*step).or_default() += amount;
        }
    }
}

/// Those with a value before those without.
fn by_key(group: &Group) -> (Vec<(bool, Option<String>)>, CostRowKind) {
    (group.keys.iter().map(|key| (key.is_none(), key.clone())).collect(), group.kind)
}

/// A share as a number; none of nothing.
pub fn ratio(part: &Decimal, whole: &Decimal) -> Option<f64> {
    let whole = float(whole)?;
    (whole != 0.0).then(|| float(part).map(|part| part / whole))?
}

/// The change from what was before; none where that is unknown or 0.
pub fn change_ratio(now: &Decimal, before: Option<&Decimal>) -> Option<f64> {
    ratio(now, before?).map(|ratio| ratio - 1.0)
}

fn float(number: &Decimal) -> Option<f64> {
    number.to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use schema::{Date, DateRange};

    use super::*;

    fn query() -> CostQuery {
        CostQuery {
            group_by: vec![schema::CostDimensionInput::Dimension(schema::CostDimension::Team)],
            ..CostQuery::over(DateRange {
                from: Date("2026-01-01".parse().unwrap()),
                to: Date("2026-01-31".parse().unwrap()),
            })
        }
    }

    fn cell(kind: CostRowKind, key: Option<&str>, amount: &str, currency: &str) -> CostCell {
        CostCell {
            parent: String::new(),
            kind,
            keys: vec![key.map(str::to_owned)],
            step: "2026-01-01".parse().unwrap(),
            is_previous: false,
            currency: currency.to_owned(),
            amount: Decimal::read(amount).unwrap(),
            residual: Decimal::default(),
        }
    }

    #[test]
    fn the_first_and_the_rest_are_the_whole() {
        use CostRowKind::{Owned, Remainder, Shared};
        let cells = vec![
            cell(Owned, Some("a"), "1.10", "EUR"),
            cell(Owned, Some("b"), "5", "EUR"),
            cell(Owned, Some("c"), "5", "EUR"),
            cell(Shared, None, "100", "EUR"),
        ];
        let report = Report::of(&query(), cells, CostPeriods::default()).unwrap();
        let listed = |top, order| -> Vec<(CostRowKind, Option<String>, String)> {
            let groups = report.groups(top, order);
            groups.into_iter().map(|group| (group.kind, group.keys[0].clone(), group.sums.total.to_string())).collect()
        };
        let row = |kind, key: Option<&str>, total: &str| (kind, key.map(str::to_owned), total.to_owned());
        assert_eq!(
            listed(Some(1), CostGroupOrder::TotalDesc),
            [row(Shared, None, "100"), row(Owned, Some("b"), "5"), row(Remainder, None, "6.10")]
        );
        assert_eq!(listed(None, CostGroupOrder::TotalAsc)[0], row(Owned, Some("a"), "1.10"));
        assert_eq!(listed(None, CostGroupOrder::KeyAsc).last(), Some(&row(Shared, None, "100")));
        assert_eq!((report.total(None).to_string(), report.currency.as_str()), ("111.10".to_owned(), "EUR"));
    }

    #[test]
    fn currencies_are_never_added_up() {
        let cells = vec![cell(CostRowKind::Owned, None, "1", "EUR"), cell(CostRowKind::Owned, None, "1", "USD")];
        let refusal = Report::of(&query(), cells, CostPeriods::default()).unwrap_err();
        assert!(refusal.contains("`EUR`, `USD`"), "{refusal}");
        assert_eq!(Report::of(&query(), Vec::new(), CostPeriods::default()).unwrap().currency, "XXX");
    }

    #[test]
    fn ratios_of_nothing_are_null() {
        let number = |text: &str| Decimal::read(text).unwrap();
        assert_eq!(ratio(&number("1"), &number("4")), Some(0.25));
        assert_eq!(ratio(&number("1"), &number("0.00")), None);
        assert_eq!(change_ratio(&number("3"), Some(&number("2"))), Some(0.5));
        assert_eq!(change_ratio(&number("3"), None), None);
    }
}
