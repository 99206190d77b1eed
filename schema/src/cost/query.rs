//! Which charges, at what value, grouped how.

use async_graphql::{Enum, InputObject, OneofObject};
use chrono::{Datelike, Days, NaiveDate};

use super::CostFilter;
use crate::{DateRange, DateRangeError, FILTER_VALUES_MAX};

/// Most days of a range.
pub const COST_DAYS_MAX: i64 = 1_130;

/// Most entries of `groupBy`.
pub const COST_DIMENSIONS_MAX: usize = 4;

/// Which charges, at what value, grouped how.
#[derive(Debug, Clone, PartialEq, Eq, Hash, InputObject)]
pub struct CostQuery {
    /// Days on which the charges fall; at most 1,130.
    pub range: DateRange,
    /// Length of the steps in `series` and `rows`.
    #[graphql(default_with = "CostGranularity::Total")]
    pub granularity: CostGranularity,
    /// Which of the four FOCUS costs.
    #[graphql(default_with = "CostMetric::EffectiveCost")]
    pub metric: CostMetric,
    /// Dimensions and tags to group by, the outermost first; at most 4, none twice.
    #[graphql(default)]
    pub group_by: Vec<CostDimensionInput>,
    /// Only these charges.
    pub filter: Option<CostFilter>,
    /// What becomes of costs that several teams share. Anything but `SEPARATE` depends on what other teams spend and
    /// needs the scope `cost:read:all`.
    #[graphql(default_with = "SharedCostSplit::Separate")]
    pub shared_costs: SharedCostSplit,
    /// The configured split rule; with `sharedCosts: RULE`, and only then.
    pub split_rule: Option<String>,
    /// Whose a charge is: its owner's at the time, or today's.
    #[graphql(default_with = "OwnershipBasis::AtCharge")]
    pub ownership: OwnershipBasis,
    /// ISO 4217 code. Needed where the charges have several; nothing is converted: charges in others are left out.
    pub currency: Option<String>,
    /// Also ask for as many days right before `range`.
    #[graphql(default)]
    pub compare_to_previous: bool,
}

/// Whose a charge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum OwnershipBasis {
    /// Whoever owned the component on the day of the charge.
    AtCharge,
    /// Whoever owns it today.
    Current,
}

/// Length of a step in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum CostGranularity {
    /// The whole range.
    Total,
    /// A day.
    Day,
    /// A week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

/// The four costs of FOCUS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum CostMetric {
    /// What is invoiced. Match it with invoices.
    BilledCost,
    /// With prepayments spread over what they cover. Show it to teams.
    EffectiveCost,
    /// At list prices, without any reduction.
    ListCost,
    /// At negotiated prices, without commitment discounts.
    ContractedCost,
}

/// What becomes of costs that several teams share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum SharedCostSplit {
    /// They stay a row of their own.
    Separate,
    /// In equal parts. Needs the scope `cost:read:all`.
    Even,
    /// In proportion to what each owns. Needs the scope `cost:read:all`.
    Proportional,
    /// As the configured rule in `splitRule` says. Needs the scope `cost:read:all`.
    Rule,
}

/// What to group by: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Hash, OneofObject)]
pub enum CostDimensionInput {
    /// A dimension.
    Dimension(CostDimension),
    /// The key of a tag, exactly.
    Tag(String),
}

/// What charges can be grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum)]
pub enum CostDimension {
    /// The team that owns it.
    Team,
    /// The component it is for.
    Component,
    /// The system of that component.
    System,
    /// The domain of that system.
    Domain,
    /// The environment it is for.
    Environment,
    /// Who provides the service: ServiceProviderName, in older data ProviderName.
    Provider,
    /// ServiceName.
    Service,
    /// ServiceCategory.
    ServiceCategory,
    /// RegionId.
    Region,
    /// SubAccountId: a subscription, account or project.
    SubAccount,
    /// ChargeCategory.
    ChargeCategory,
    /// ResourceId.
    Resource,
    /// The OpenShift cluster.
    Cluster,
    /// The OpenShift namespace, within its cluster.
    Namespace,
}

/// A query that cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CostQueryError {
    /// Its days.
    #[error(transparent)]
    Range(#[from] DateRangeError),
    /// Too much to group by.
    #[error("`groupBy` holds {0} entries: at most {COST_DIMENSIONS_MAX} are allowed")]
    Dimensions(usize),
    /// The same twice.
    #[error("`groupBy` holds the same entry twice")]
    Twice,
    /// A key that cannot be.
    #[error("`{0}` holds a text with a NUL character, or one of more than 512 characters")]
    Text(&'static str),
    /// No currency.
    #[error("`currency` is no code of three capital letters, such as EUR: {0}")]
    Currency(String),
    /// A rule without its name, or a name without a rule.
    #[error("`splitRule` goes with `sharedCosts: RULE`, and only with it")]
    Rule,
    /// Too many values.
    #[error("`{field}` holds {count} values: at most {FILTER_VALUES_MAX} are allowed")]
    Values {
        /// Where.
        field: &'static str,
        /// How many.
        count: usize,
    },
}

impl CostQuery {
    /// The charges of these days, and everything else as when nothing is said of it.
    pub fn over(range: DateRange) -> Self {
        Self {
            range,
            granularity: CostGranularity::Total,
            metric: CostMetric::EffectiveCost,
            group_by: Vec::new(),
            filter: None,
            shared_costs: SharedCostSplit::Separate,
            split_rule: None,
            ownership: OwnershipBasis::AtCharge,
            currency: None,
            compare_to_previous: false,
        }
    }

    /// How many days it asks for; refuses what cannot be.
    pub fn checked(&self) -> Result<i64, CostQueryError> {
        let days = self.range.days(COST_DAYS_MAX)?;
        if self.group_by.len() > COST_DIMENSIONS_MAX {
            return Err(CostQueryError::Dimensions(self.group_by.len()));
        }
        for (at, entry) in self.group_by.iter().enumerate() {
            if self.group_by.iter().skip(at + 1).any(|other| other == entry) {
                return Err(CostQueryError::Twice);
            }
            if let CostDimensionInput::Tag(key) = entry
                && !is_storable(key)
            {
                return Err(CostQueryError::Text("groupBy"));
            }
        }
        if let Some(currency) = self.currency.as_ref().filter(|code| !is_currency(code)) {
            return Err(CostQueryError::Currency(currency.chars().take(10).collect()));
        }
        if self.split_rule.is_some() != (self.shared_costs == SharedCostSplit::Rule) {
            return Err(CostQueryError::Rule);
        }
        if let Some(filter) = &self.filter {
            filter.checked()?;
        }
        Ok(days)
    }

    /// As many days right before the range.
    pub fn previous_range(&self) -> Option<DateRange> {
        let days = self.range.days(COST_DAYS_MAX).ok()?;
        let from = self.range.from.0.checked_sub_days(Days::new(u64::try_from(days).ok()?))?;
        Some(DateRange { from: crate::Date(from), to: crate::Date(self.range.from.0.pred_opt()?) })
    }
}

impl CostGranularity {
    /// First day of the step that a day lies in, as far as the range goes.
    pub fn step(self, day: NaiveDate, from: NaiveDate) -> NaiveDate {
        let first = match self {
            Self::Total => from,
            Self::Day => day,
            Self::Week => {
                let since_monday = u64::from(day.weekday().num_days_from_monday());
                day.checked_sub_days(Days::new(since_monday)).unwrap_or(day)
            }
            Self::Month => day.with_day(1).unwrap_or(day),
        };
        first.max(from)
    }
}

pub(super) fn is_storable(text: &str) -> bool {
    !text.contains('\0') && text.chars().count() <= 512
}

fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Date;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn query(from: &str, to: &str) -> CostQuery {
        CostQuery::over(DateRange { from: Date(day(from)), to: Date(day(to)) })
    }

    #[test]
    fn steps_begin_within_the_range() {
        let from = day("2026-01-07");
        for (granularity, date, expected) in [
            (CostGranularity::Total, "2026-03-01", "2026-01-07"),
            (CostGranularity::Day, "2026-03-01", "2026-03-01"),
            (CostGranularity::Week, "2026-01-09", "2026-01-07"),
            (CostGranularity::Week, "2026-01-18", "2026-01-12"),
            (CostGranularity::Month, "2026-01-31", "2026-01-07"),
            (CostGranularity::Month, "2026-02-28", "2026-02-01"),
        ] {
            assert_eq!(granularity.step(day(date), from), day(expected), "{granularity:?} {date}");
        }
    }

    #[test]
    fn the_days_before_are_as_many() {
        let previous = query("2026-03-01", "2026-03-31").previous_range().unwrap();
        assert_eq!((previous.from.0, previous.to.0), (day("2026-01-29"), day("2026-02-28")));
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        assert_eq!(query("2026-01-01", "2026-01-31").checked(), Ok(31));
        assert!(query("2026-01-02", "2026-01-01").checked().is_err());
        assert!(query("2020-01-01", "2026-01-01").checked().is_err());
        let team = || CostDimensionInput::Dimension(CostDimension::Team);
        let grouped = |group_by| CostQuery { group_by, ..query("2026-01-01", "2026-01-31") }.checked();
        assert_eq!(grouped(vec![team(), team()]), Err(CostQueryError::Twice));
        assert_eq!(grouped(vec![CostDimensionInput::Tag("a\0".to_owned())]), Err(CostQueryError::Text("groupBy")));
        let tags = (0..5).map(|n| CostDimensionInput::Tag(n.to_string())).collect();
        assert_eq!(grouped(tags), Err(CostQueryError::Dimensions(5)));
        let currency = CostQuery { currency: Some("euro".to_owned()), ..query("2026-01-01", "2026-01-31") };
        assert!(currency.checked().is_err());
        let nameless = CostQuery { shared_costs: SharedCostSplit::Rule, ..query("2026-01-01", "2026-01-31") };
        assert_eq!(nameless.checked(), Err(CostQueryError::Rule));
        let pointless = CostQuery { split_rule: Some("people".to_owned()), ..query("2026-01-01", "2026-01-31") };
        assert_eq!(pointless.checked(), Err(CostQueryError::Rule));
    }
}
