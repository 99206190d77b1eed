//! `Columns`: what the header of a file means.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Place;

/// Columns under other names, and values for those that a file lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Renaming {
    /// FOCUS's name of a column, by that in the file.
    pub columns: BTreeMap<String, String>,
    /// Values of columns that a file lacks or leaves empty, by FOCUS's name.
    pub defaults: BTreeMap<String, String>,
}

/// Why a header cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnProblem {
    /// It lacks what every charge needs.
    #[error(
        "lacks the mandatory {} `{}`: is it FOCUS? `cost.focus.columns` maps other names, `cost.focus.defaults` fills in what is missing",
        if .0.len() == 1 { "column" } else { "columns" },
        .0.join("`, `")
    )]
    Missing(Vec<&'static str>),
    /// A name stands there twice.
    #[error("has the column `{0}` twice")]
    Twice(String),
    /// More than can be kept.
    #[error("has {0} columns: at most {COLUMNS_MAX} are allowed")]
    Many(usize),
}

/// Most columns of a file; FOCUS has 60, exports add some of their own.
pub const COLUMNS_MAX: usize = 500;

/// Where a cell comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// A column, by its place; with what counts where it is empty.
    Column(usize, Option<Box<str>>),
    /// The same for every row.
    Constant(Box<str>),
    /// There is none.
    Missing,
}

/// Those of FOCUS that differ from charge to charge of the same kind, and are therefore kept with each.
const OF_ROW: [&str; 12] = [
    "ConsumedQuantity",
    "PricingQuantity",
    "CommitmentDiscountQuantity",
    "PricingCurrencyEffectiveCost",
    "InvoiceId",
    "InvoiceDetailId",
    // Objects with the amounts of each charge in them.
    "ContractApplied",
    "AllocatedMethodDetails",
    "x_BilledCostInUsd",
    "x_EffectiveCostInUsd",
    "x_ListCostInUsd",
    "x_ContractedCostInUsd",
];

/// Those that have a place of their own.
const OWN: [&str; 9] = [
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
];

/// What stands where in the rows of a file.
#[derive(Debug, Clone)]
pub struct Columns {
    /// FOCUS's name of each, in the file's order.
    pub names: Vec<Box<str>>,
    /// The four costs, in the order of `OWN`.
    pub(super) amounts: [Cell; 4],
    pub(super) currency: Cell,
    pub(super) period_start: Cell,
    pub(super) period_end: Cell,
    pub(super) starts_at: Cell,
    pub(super) ends_at: Cell,
    pub(super) category: Cell,
    pub(super) issuer: Cell,
    pub(super) account: Cell,
    pub(super) provider: Cell,
    pub(super) service: Cell,
    pub(super) service_category: Cell,
    pub(super) sub_account: Cell,
    pub(super) invoice: Cell,
    /// Columns that charges of the same kind have in common.
    pub(super) key: Vec<usize>,
    /// The others that have no place of their own.
    pub(super) rest: Vec<usize>,
    /// Values that stand in no column, for every row.
    pub(super) constants: Vec<(Box<str>, Box<str>)>,
}

impl Columns {
    /// Reads a header.
    pub fn read<'h>(header: impl Iterator<Item = &'h str>, renaming: &Renaming) -> Result<Self, ColumnProblem> {
        let mut names: Vec<Box<str>> = Vec::new();
        for name in header {
            let name = name.trim().trim_start_matches('\u{feff}');
            let name: Box<str> = renaming.columns.get(name).map_or(name, String::as_str).into();
            if names.contains(&name) {
                return Err(ColumnProblem::Twice(name.into()));
            }
            names.push(name);
        }
        if names.len() > COLUMNS_MAX {
            return Err(ColumnProblem::Many(names.len()));
        }
        let mut missing = Vec::new();
        let cell = |name: &str| {
            let default = renaming.defaults.get(name).map(|value| value.as_str().into());
            match (names.iter().position(|column| **column == *name), default) {
                (Some(at), default) => Cell::Column(at, default),
                (None, Some(value)) => Cell::Constant(value),
                (None, None) => Cell::Missing,
            }
        };
        let mut must = |name: &'static str| {
            let found = cell(name);
            if found == Cell::Missing {
                missing.push(name);
            }
            found
        };
        let amounts = [must("BilledCost"), must("EffectiveCost"), must("ListCost"), must("ContractedCost")];
        let [currency, period_start, period_end] =
            [must("BillingCurrency"), must("BillingPeriodStart"), must("BillingPeriodEnd")];
        let [starts_at, ends_at] = [must("ChargePeriodStart"), must("ChargePeriodEnd")];
        let [category, issuer, account] = [must("ChargeCategory"), must("InvoiceIssuerName"), must("BillingAccountId")];
        let [service, service_category] = [must("ServiceName"), must("ServiceCategory")];
        // Since 1.3 it has another name.
        let provider = match cell("ServiceProviderName") {
            Cell::Missing => must("ProviderName"),
            found => found,
        };
        if !missing.is_empty() {
            return Err(ColumnProblem::Missing(missing));
        }
        let (mut key, mut rest) = (Vec::new(), Vec::new());
        for (at, name) in names.iter().enumerate() {
            if OF_ROW.contains(&&**name) {
                rest.push(at);
            } else if !OWN.contains(&&**name) {
                key.push(at);
            }
        }
        let constants = renaming
            .defaults
            .iter()
            .filter(|(name, _)| !OWN.contains(&name.as_str()) && !names.iter().any(|column| **column == **name));
        Ok(Self {
            amounts,
            currency,
            period_start,
            period_end,
            starts_at,
            ends_at,
            category,
            issuer,
            account,
            provider,
            service,
            service_category,
            sub_account: cell("SubAccountId"),
            invoice: cell("InvoiceId"),
            key,
            rest,
            constants: constants.map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect(),
            names,
        })
    }

    /// Keeps with each charge what differs too often to be common to many: columns that FOCUS does not know, judged by the first rows.
    /// Those that rules look at stay.
    pub fn learn(&mut self, rows: &[(Place, csv::ByteRecord)], is_looked_at: &dyn Fn(&str) -> bool) {
        const ROWS_MIN: usize = 200;
        if rows.len() < ROWS_MIN {
            return;
        }
        let differs = |at: &usize| {
            let values: std::collections::HashSet<&[u8]> = rows.iter().filter_map(|(_, row)| row.get(*at)).collect();
            values.len() * 2 > rows.len()
        };
        let (own, common): (Vec<usize>, Vec<usize>) = self.key.iter().partition(|at| {
            self.names.get(**at).is_some_and(|name| !is_focus(name) && !is_looked_at(name)) && differs(at)
        });
        self.key = common;
        self.rest.extend(own);
    }
}

/// Names of FOCUS begin with a capital and are one word.
fn is_focus(name: &str) -> bool {
    const ALSO: [&str; 1] = ["Id"];
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !ALSO.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANDATORY: &str = "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingPeriodStart,\
        BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,InvoiceIssuerName,BillingAccountId,ServiceName,\
        ServiceCategory";

    fn read(header: &str, renaming: &Renaming) -> Result<Columns, ColumnProblem> {
        Columns::read(header.split(',').map(str::trim), renaming)
    }

    #[test]
    fn the_provider_goes_by_both_names_and_unknown_columns_are_kept() {
        for provider in ["ProviderName", "ServiceProviderName"] {
            let columns =
                read(&format!("{MANDATORY},{provider},x_Team,PricingQuantity"), &Renaming::default()).unwrap();
            let kept = |places: &[usize]| places.iter().map(|at| columns.names[*at].to_string()).collect::<Vec<_>>();
            assert!(kept(&columns.key).contains(&"x_Team".to_owned()));
            assert_eq!(kept(&columns.rest), ["PricingQuantity"]);
        }
        assert_eq!(read(MANDATORY, &Renaming::default()).unwrap_err(), ColumnProblem::Missing(vec!["ProviderName"]));
    }

    /// Which columns are kept with what charges have in common, and which with each.
    fn kept(columns: &Columns) -> [Vec<&str>; 2] {
        [&columns.key, &columns.rest].map(|places| places.iter().map(|at| &*columns.names[*at]).collect())
    }

    /// All of FOCUS 1.3, in which both names of the provider stand.
    const FOCUS_1_3: &str = "AllocatedMethodDetails,AllocatedMethodId,AllocatedResourceId,AllocatedResourceName,AllocatedTags,AvailabilityZone,\
        BilledCost,BillingAccountId,BillingAccountName,BillingAccountType,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,\
        CapacityReservationId,CapacityReservationStatus,ChargeCategory,ChargeClass,ChargeDescription,ChargeFrequency,ChargePeriodEnd,\
        ChargePeriodStart,CommitmentDiscountCategory,CommitmentDiscountId,CommitmentDiscountName,CommitmentDiscountQuantity,\
        CommitmentDiscountStatus,CommitmentDiscountType,CommitmentDiscountUnit,ConsumedQuantity,ConsumedUnit,ContractApplied,ContractedCost,\
        ContractedUnitPrice,EffectiveCost,HostProviderName,InvoiceId,InvoiceIssuerName,ListCost,ListUnitPrice,PricingCategory,\
        PricingCurrency,PricingCurrencyContractedUnitPrice,PricingCurrencyEffectiveCost,PricingCurrencyListUnitPrice,PricingQuantity,\
        PricingUnit,ProviderName,PublisherName,RegionId,RegionName,ResourceId,ResourceName,ResourceType,ServiceCategory,ServiceName,\
        ServiceProviderName,ServiceSubcategory,SkuId,SkuMeter,SkuPriceDetails,SkuPriceId,SubAccountId,SubAccountName,SubAccountType,Tags";

    #[test]
    fn focus_1_3_and_1_4_are_known_and_other_names_are_mapped_to_theirs() {
        let of_charge = [
            "AllocatedMethodDetails",
            "CommitmentDiscountQuantity",
            "ConsumedQuantity",
            "ContractApplied",
            "InvoiceId",
            "PricingCurrencyEffectiveCost",
            "PricingQuantity",
        ];
        let own = format!("{FOCUS_1_3},x_Team,CostCentre");
        let columns = read(&own, &Renaming::default()).unwrap();
        let at = |columns: &Columns, name: &str| columns.names.iter().position(|known| **known == *name).unwrap();
        assert_eq!(columns.provider, Cell::Column(at(&columns, "ServiceProviderName"), None));
        let [key, rest] = kept(&columns);
        assert_eq!(rest, of_charge);
        for name in ["ProviderName", "PublisherName", "HostProviderName", "AllocatedMethodId", "x_Team", "CostCentre"] {
            assert!(key.contains(&name), "{name}");
        }
        assert_eq!(key.len() + rest.len() + OWN.len(), own.split(',').count());

        // 1.4 has the older names no more. Whoever writes names as databases like them has them mapped.
        let names =
            FOCUS_1_3.split(',').map(str::trim).filter(|name| !["ProviderName", "PublisherName"].contains(name));
        let names = names.chain(["CommitmentProgramEligibilityDetails", "InvoiceDetailId", "x_Team"]);
        let names: Vec<&str> = names.collect();
        let snake = |name: &str| {
            let words = name.char_indices().map(|(at, letter)| match letter.is_ascii_uppercase() && at > 0 {
                true => format!("_{}", letter.to_ascii_lowercase()),
                false => letter.to_ascii_lowercase().to_string(),
            });
            words.collect::<String>()
        };
        let mapped = names.iter().map(|name| (snake(name), (*name).to_owned())).collect();
        let renaming = Renaming { columns: mapped, defaults: BTreeMap::new() };
        let snakes: Vec<String> = names.iter().map(|name| snake(name)).collect();
        for (header, renaming) in
            [(names.join(","), &Renaming::default()), (snakes.join(",") + ",own_column", &renaming)]
        {
            let columns = read(&header, renaming).unwrap();
            assert_eq!(columns.provider, Cell::Column(at(&columns, "ServiceProviderName"), None));
            assert_eq!(columns.issuer, Cell::Column(at(&columns, "InvoiceIssuerName"), None));
            let [key, rest] = kept(&columns);
            assert_eq!(rest, [&of_charge[..], &["InvoiceDetailId"]].concat());
            assert!(key.contains(&"CommitmentProgramEligibilityDetails") && key.contains(&"x_Team"), "{key:?}");
            assert_eq!(header.ends_with("own_column"), key.contains(&"own_column"));
            assert_eq!(key.len() + rest.len() + OWN.len(), header.split(',').count());
        }
    }

    #[test]
    fn what_is_missing_is_named_at_once_and_can_be_filled_in() {
        let header = "BilledCost,EffectiveCost,Total,ContractedCost,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,\
                      ChargePeriodEnd,ChargeCategory,ServiceName,ProviderName,ServiceCategory,InvoiceIssuerName";
        let missing = read(header, &Renaming::default()).unwrap_err();
        assert_eq!(missing, ColumnProblem::Missing(vec!["ListCost", "BillingCurrency", "BillingAccountId"]));
        assert!(missing.to_string().contains("`ListCost`, `BillingCurrency`, `BillingAccountId`"), "{missing}");
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let renaming = Renaming {
            columns: map(&[("Total", "ListCost")]),
            defaults: map(&[("BillingCurrency", "EUR"), ("BillingAccountId", "main")]),
        };
        let columns = read(header, &renaming).unwrap();
        assert_eq!(columns.currency, Cell::Constant("EUR".into()));
        assert_eq!(columns.constants, [("BillingAccountId".into(), "main".into())]);
        assert_eq!(read("a,b,a", &renaming).unwrap_err(), ColumnProblem::Twice("a".to_owned()));
    }
}
