//! `Charge`: a row of a file, checked.

use chrono::{DateTime, Utc};
use csv::ByteRecord;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Columns, Moments, amount::is_decimal, columns::Cell};

/// The categories that FOCUS knows.
const CATEGORIES: [&[u8]; 5] = [b"Usage", b"Purchase", b"Tax", b"Credit", b"Adjustment"];

/// Longest name that charges are counted by, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 512;

/// Longest cell that is kept, in bytes.
const CELL_BYTES_MAX: usize = 64 * 1024;

/// Why a row cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// It has more or fewer cells than the header.
    #[error("has {found} cells, the header has {expected}")]
    Cells {
        /// Its cells.
        found: usize,
        /// Those of the header.
        expected: usize,
    },
    /// A mandatory column is empty.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// No decimal number.
    #[error("`{0}` is no decimal number: {1}")]
    Decimal(&'static str, String),
    /// No moment.
    #[error("`{0}` is no date and time such as 2026-01-31T00:00:00Z: {1}")]
    Moment(&'static str, String),
    /// It ends before it begins.
    #[error("its {0} period ends at {2}, before it begins at {1}")]
    Backwards(&'static str, DateTime<Utc>, DateTime<Utc>),
    /// A category that FOCUS does not know.
    #[error("`ChargeCategory` is none of Usage, Purchase, Tax, Credit and Adjustment: {0}")]
    Category(String),
    /// No currency.
    #[error("`BillingCurrency` is no code of three letters: {0}")]
    Currency(String),
    /// Not what everything here is written in.
    #[error("`{0}` is not UTF-8, or holds a NUL character")]
    Text(String),
    /// Longer than is kept.
    #[error("`{0}` is longer than {1} bytes")]
    Long(String, usize),
    /// Tags that are no object.
    #[error("`Tags` is no JSON object: {0}")]
    Tags(String),
}

/// A row, with what every charge has.
#[derive(Debug, Clone, Copy)]
pub struct Charge<'r> {
    columns: &'r Columns,
    row: &'r ByteRecord,
    /// Billed, effective, list and contracted cost, as they stand there.
    pub amounts: [&'r str; 4],
    /// A code of three letters.
    pub currency: &'r str,
    /// Who issues the invoice.
    pub issuer: &'r str,
    /// The billing account.
    pub account: &'r str,
    /// The sub-account, where it has one.
    pub sub_account: Option<&'r str>,
    /// It names its invoice.
    pub is_invoiced: bool,
    /// When the billing period begins.
    pub period_start: DateTime<Utc>,
    /// When it ends; not included.
    pub period_end: DateTime<Utc>,
    /// When the charge begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends; not included.
    pub ends_at: DateTime<Utc>,
}

impl<'r> Charge<'r> {
    /// Reads and checks a row.
    pub fn read(columns: &'r Columns, row: &'r ByteRecord, moments: &mut Moments) -> Result<Self, RowProblem> {
        if row.len() != columns.names.len() {
            return Err(RowProblem::Cells { found: row.len(), expected: columns.names.len() });
        }
        let [billed, effective, list, contracted] = &columns.amounts;
        let period_start = moment(row, &columns.period_start, "BillingPeriodStart", moments)?;
        let period_end = moment(row, &columns.period_end, "BillingPeriodEnd", moments)?;
        let starts_at = moment(row, &columns.starts_at, "ChargePeriodStart", moments)?;
        let ends_at = moment(row, &columns.ends_at, "ChargePeriodEnd", moments)?;
        if period_end <= period_start {
            return Err(RowProblem::Backwards("billing", period_start, period_end));
        }
        if ends_at < starts_at {
            return Err(RowProblem::Backwards("charge", starts_at, ends_at));
        }
        let category = must(row, &columns.category, "ChargeCategory")?;
        if !CATEGORIES.contains(&category.as_bytes()) {
            return Err(RowProblem::Category(shown(category.as_bytes())));
        }
        let currency = must(row, &columns.currency, "BillingCurrency")?;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(RowProblem::Currency(shown(currency.as_bytes())));
        }
        for (cell, name) in [
            (&columns.provider, "ProviderName"),
            (&columns.service, "ServiceName"),
            (&columns.service_category, "ServiceCategory"),
        ] {
            must(row, cell, name)?;
        }
        Ok(Self {
            columns,
            row,
            amounts: [
                decimal(row, billed, "BilledCost")?,
                decimal(row, effective, "EffectiveCost")?,
                decimal(row, list, "ListCost")?,
                decimal(row, contracted, "ContractedCost")?,
            ],
            currency,
            issuer: must(row, &columns.issuer, "InvoiceIssuerName")?,
            account: must(row, &columns.account, "BillingAccountId")?,
            sub_account: text(row, &columns.sub_account, "SubAccountId")?,
            is_invoiced: text(row, &columns.invoice, "InvoiceId")?.is_some(),
            period_start,
            period_end,
            starts_at,
            ends_at,
        })
    }

    /// Names what the charge has in common with others: the same cells, the same name, in every file.
    pub fn key(&self) -> Uuid {
        let mut hash = Sha256::new();
        for at in &self.columns.key {
            let Some(value) = self.cell(*at) else { continue };
            let name = self.columns.names.get(*at).map(|name| name.as_bytes()).unwrap_or_default();
            for part in [name, value] {
                hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
                hash.update(part);
            }
        }
        let mut constant = |name: &str, value: &str| {
            hash.update(name.as_bytes());
            hash.update([0]);
            hash.update(value.as_bytes());
        };
        self.columns.constants.iter().for_each(|(name, value)| constant(name, value));
        self.stand_ins().for_each(|(name, value)| constant(name, value));
        let hash = hash.finalize();
        let (head, _) = hash.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        Uuid::from_bytes(*head)
    }

    /// What it has in common with others, by FOCUS's names.
    pub fn common(&self) -> Result<Map<String, Value>, RowProblem> {
        let mut common = self.texts(&self.columns.key)?;
        for (name, value) in &self.columns.constants {
            common.insert(name.to_string(), Value::from(&**value));
        }
        for (name, value) in self.stand_ins() {
            common.insert(name.to_owned(), Value::from(value));
        }
        for name in
            ["ServiceProviderName", "ProviderName", "ServiceName", "ServiceCategory", "RegionId", "SubAccountId"]
        {
            if common.get(name).and_then(Value::as_str).is_some_and(|value| value.len() > NAME_BYTES_MAX) {
                return Err(RowProblem::Long(name.to_owned(), NAME_BYTES_MAX));
            }
        }
        Ok(common)
    }

    /// What stands in for empty cells, by FOCUS's names.
    fn stand_ins(&self) -> impl Iterator<Item = (&'static str, &'r str)> {
        let columns = self.columns;
        let cells = [
            ("ProviderName", &columns.provider),
            ("ServiceName", &columns.service),
            ("ServiceCategory", &columns.service_category),
            ("ChargeCategory", &columns.category),
            ("InvoiceIssuerName", &columns.issuer),
            ("BillingAccountId", &columns.account),
            ("SubAccountId", &columns.sub_account),
        ];
        cells.into_iter().filter_map(|(name, cell)| match cell {
            Cell::Column(at, Some(value)) if self.cell(*at).is_none() => Some((name, &**value)),
            _ => None,
        })
    }

    /// What else it says that no column of ours takes, by FOCUS's names; none for most.
    pub fn rest(&self) -> Result<Option<Map<String, Value>>, RowProblem> {
        let rest = self.texts(&self.columns.rest)?;
        Ok((!rest.is_empty()).then_some(rest))
    }

    fn texts(&self, places: &[usize]) -> Result<Map<String, Value>, RowProblem> {
        let mut texts = Map::new();
        for at in places {
            let (Some(value), Some(name)) = (self.cell(*at), self.columns.names.get(*at)) else { continue };
            texts.insert(name.to_string(), Value::from(storable(value, name)?));
        }
        Ok(texts)
    }

    fn cell(&self, at: usize) -> Option<&'r [u8]> {
        self.row.get(at).filter(|value| !is_null(value))
    }
}

/// The tags that a column says; those without a value are empty texts.
pub(super) fn tags(text: Option<&str>) -> Result<Map<String, Value>, RowProblem> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(Map::new()) };
    let read = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
    // Azure's older exports leave the braces out.
    let tags =
        read(text).or_else(|| read(&format!("{{{text}}}"))).ok_or_else(|| RowProblem::Tags(shown(text.as_bytes())))?;
    let text_of = |value: Value| match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let tags: Map<String, Value> = tags.into_iter().map(|(key, value)| (key, Value::from(text_of(value)))).collect();
    let has_nul = |text: &str| text.contains('\0');
    if tags.iter().any(|(key, value)| has_nul(key) || value.as_str().is_some_and(has_nul)) {
        return Err(RowProblem::Text("Tags".to_owned()));
    }
    Ok(tags)
}

/// Empty, or the word that the samples of FOCUS write.
fn is_null(value: &[u8]) -> bool {
    value.is_empty() || value.eq_ignore_ascii_case(b"null")
}

fn storable<'t>(value: &'t [u8], name: &str) -> Result<&'t str, RowProblem> {
    if value.len() > CELL_BYTES_MAX {
        return Err(RowProblem::Long(name.to_owned(), CELL_BYTES_MAX));
    }
    let text = std::str::from_utf8(value).map_err(|_| RowProblem::Text(name.to_owned()))?;
    if text.contains('\0') { Err(RowProblem::Text(name.to_owned())) } else { Ok(text) }
}

fn raw<'r>(row: &'r ByteRecord, cell: &'r Cell) -> Option<&'r [u8]> {
    match cell {
        Cell::Column(at, default) => {
            row.get(*at).filter(|value| !is_null(value)).or_else(|| default.as_ref().map(|value| value.as_bytes()))
        }
        Cell::Constant(value) => Some(value.as_bytes()),
        Cell::Missing => None,
    }
}

fn text<'r>(row: &'r ByteRecord, cell: &'r Cell, name: &'static str) -> Result<Option<&'r str>, RowProblem> {
    raw(row, cell).map(|value| storable(value, name)).transpose()
}

fn must<'r>(row: &'r ByteRecord, cell: &'r Cell, name: &'static str) -> Result<&'r str, RowProblem> {
    text(row, cell, name)?.ok_or(RowProblem::Empty(name))
}

fn decimal<'r>(row: &'r ByteRecord, cell: &'r Cell, name: &'static str) -> Result<&'r str, RowProblem> {
    let value = raw(row, cell).ok_or(RowProblem::Empty(name))?;
    if !is_decimal(value) {
        return Err(RowProblem::Decimal(name, shown(value)));
    }
    storable(value, name)
}

fn moment(
    row: &ByteRecord,
    cell: &Cell,
    name: &'static str,
    moments: &mut Moments,
) -> Result<DateTime<Utc>, RowProblem> {
    let value = raw(row, cell).ok_or(RowProblem::Empty(name))?;
    moments.read(value).ok_or_else(|| RowProblem::Moment(name, shown(value)))
}

/// The beginning of a cell, for a message.
fn shown(value: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(value).chars().take(60).collect();
    format!("`{}`", text.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Renaming;

    const HEADER: &str = "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,\
        ChargePeriodStart,ChargePeriodEnd,ChargeCategory,InvoiceIssuerName,BillingAccountId,ServiceName,ServiceCategory,ProviderName,\
        SubAccountId,Tags,x_Note";
    const GOOD: &str = "1.50,1E-2,2,1.5,EUR,2026-01-01,2026-02-01,2026-01-03,2026-01-04,Usage,Azure,acct,VMs,Compute,Azure,sub-1,,note";

    fn with(column: &str, value: &str) -> ByteRecord {
        let at = HEADER.split(',').position(|name| name.trim() == column).unwrap();
        let mut cells: Vec<&str> = GOOD.split(',').collect();
        cells[at] = value;
        ByteRecord::from(cells)
    }

    fn columns() -> Columns {
        Columns::read(HEADER.split(',').map(str::trim), &Renaming::default()).unwrap()
    }

    fn problem(column: &str, value: &str) -> String {
        Charge::read(&columns(), &with(column, value), &mut Moments::default()).unwrap_err().to_string()
    }

    #[test]
    fn a_good_row_loses_nothing() {
        let (columns, row) = (columns(), with("x_Note", "note"));
        let charge = Charge::read(&columns, &row, &mut Moments::default()).unwrap();
        assert_eq!(charge.amounts, ["1.50", "1E-2", "2", "1.5"]);
        assert_eq!((charge.issuer, charge.account, charge.sub_account), ("Azure", "acct", Some("sub-1")));
        let common = charge.common().unwrap();
        assert_eq!((common["x_Note"].as_str(), common.contains_key("Tags")), (Some("note"), false));
        let same_day = with("BilledCost", "9");
        let other = Charge::read(&columns, &same_day, &mut Moments::default()).unwrap();
        assert_eq!(other.key(), charge.key());
        let other_note = with("x_Note", "other");
        assert_ne!(Charge::read(&columns, &other_note, &mut Moments::default()).unwrap().key(), charge.key());
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_file() {
        assert_eq!(problem("BilledCost", "$10,000"), "`BilledCost` is no decimal number: `$10,000`");
        assert_eq!(problem("ListCost", "NULL"), "`ListCost` is empty");
        assert!(problem("ChargePeriodStart", "4/1/25").contains("`4/1/25`"));
        assert!(problem("ChargePeriodEnd", "2026-01-02").contains("before it begins"));
        assert!(problem("BillingPeriodEnd", "2026-01-01").contains("billing period ends"));
        assert!(problem("ChargeCategory", "Refund").contains("`Refund`"));
        assert!(problem("BillingCurrency", "euro").contains("`euro`"));
        assert_eq!(problem("ServiceName", ""), "`ServiceName` is empty");
    }

    #[test]
    fn tags_are_texts_with_braces_or_without() {
        let all = tags(Some("{\"team\":\"payments\",\"n\":1,\"empty\":null}")).unwrap();
        assert_eq!(
            (all["team"].as_str(), all["n"].as_str(), all["empty"].as_str()),
            (Some("payments"), Some("1"), Some(""))
        );
        assert_eq!(tags(Some("\"team\": \"payments\",\"b\": \"c\"")).unwrap().len(), 2);
        assert!(tags(None).unwrap().is_empty());
        assert!(tags(Some("team=payments")).is_err());
    }
}
