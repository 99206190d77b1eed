//! How a filter compares, and how its value is read from the query.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::{model::Kind, refusal::Refusal, row::Cell};

/// AWX's words for the end of a filter's name. `regex` is a real one too that is not served here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    Exact,
    IExact,
    Contains,
    IContains,
    StartsWith,
    IStartsWith,
    EndsWith,
    IEndsWith,
    Gt,
    Gte,
    Lt,
    Lte,
    In,
    IsNull,
}

impl Lookup {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "exact" => Self::Exact,
            "iexact" => Self::IExact,
            "contains" => Self::Contains,
            "icontains" => Self::IContains,
            "startswith" => Self::StartsWith,
            "istartswith" => Self::IStartsWith,
            "endswith" => Self::EndsWith,
            "iendswith" => Self::IEndsWith,
            "gt" => Self::Gt,
            "gte" => Self::Gte,
            "lt" => Self::Lt,
            "lte" => Self::Lte,
            "in" => Self::In,
            "isnull" => Self::IsNull,
            _ => return None,
        })
    }

    /// The values a cell is compared with: several for `in`, else one.
    pub(super) fn values(self, kind: Kind, field: &str, text: &str) -> Result<Vec<Cell<'static>>, Refusal> {
        match self {
            Self::IsNull => Ok(vec![Cell::Bool(boolean(text)?)]),
            Self::In if text.is_empty() => Err(Refusal::bad("cannot provide empty value for __in")),
            Self::In => text.split(',').map(|item| read(kind, field, item)).collect(),
            Self::IExact if !matches!(kind, Kind::Text) => {
                let detail = format!("{field} is not a text field and cannot be filtered by case-insensitive search");
                Err(Refusal::bad(detail))
            }
            Self::Exact | Self::Gt | Self::Gte | Self::Lt | Self::Lte => Ok(vec![read(kind, field, text)?]),
            _ => Ok(vec![Cell::from(text.to_owned())]),
        }
    }

    /// Null compares with nothing, as in SQL.
    pub(super) fn holds(self, cell: &Cell<'_>, values: &[Cell<'static>]) -> bool {
        let is_null = *cell == Cell::Null;
        match (self, values.first()) {
            (Self::IsNull, Some(Cell::Bool(wanted))) => is_null == *wanted,
            (Self::Exact, Some(Cell::Null)) => is_null,
            (_, None) => false,
            _ if is_null => false,
            (Self::Exact | Self::In, _) => values.iter().any(|value| cell.compare(value).is_some_and(|it| it.is_eq())),
            (Self::Gt, Some(value)) => cell.compare(value).is_some_and(|it| it.is_gt()),
            (Self::Gte, Some(value)) => cell.compare(value).is_some_and(|it| it.is_ge()),
            (Self::Lt, Some(value)) => cell.compare(value).is_some_and(|it| it.is_lt()),
            (Self::Lte, Some(value)) => cell.compare(value).is_some_and(|it| it.is_le()),
            (text, Some(value)) => text.holds_text(&cell.text(), &value.text()),
        }
    }

    fn holds_text(self, text: &str, wanted: &str) -> bool {
        let (lower, wanted_lower) = (text.to_lowercase(), wanted.to_lowercase());
        match self {
            Self::IExact => lower == wanted_lower,
            Self::Contains => text.contains(wanted),
            Self::IContains => lower.contains(&wanted_lower),
            Self::StartsWith => text.starts_with(wanted),
            Self::IStartsWith => lower.starts_with(&wanted_lower),
            Self::EndsWith => text.ends_with(wanted),
            Self::IEndsWith => lower.ends_with(&wanted_lower),
            _ => false,
        }
    }
}

fn read(kind: Kind, field: &str, text: &str) -> Result<Cell<'static>, Refusal> {
    match kind {
        Kind::Text => Ok(Cell::from(text.to_owned())),
        Kind::Bool => boolean(text).map(Cell::Bool),
        Kind::Number => whole(text).ok_or_else(|| invalid(text, "value must be an integer.")),
        Kind::Decimal => text.parse().map(Cell::Number).map_err(|_| invalid(text, "value must be a decimal number.")),
        Kind::Related(_) if ["none", "null"].contains(&text.to_lowercase().as_str()) => Ok(Cell::Null),
        Kind::Related(_) => whole(text).ok_or_else(|| Refusal::bad(format!("Invalid {field} id: {text}"))),
        Kind::Time => instant(text).map(Cell::Time).ok_or_else(|| {
            invalid(text, "value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format.")
        }),
    }
}

/// A field's own complaint arrives as a JSON list within the text.
fn invalid(text: &str, complaint: &str) -> Refusal {
    Refusal::bad(serde_json::json!([format!("\u{201c}{text}\u{201d} {complaint}")]).to_string())
}

fn whole(text: &str) -> Option<Cell<'static>> {
    let number: i64 = text.trim().parse().ok()?;
    #[expect(clippy::cast_precision_loss, reason = "ids are far below 2^53")]
    Some(Cell::Number(number as f64))
}

fn boolean(text: &str) -> Result<bool, Refusal> {
    match text.to_lowercase().as_str() {
        "true" | "1" | "t" => Ok(true),
        "false" | "0" | "f" => Ok(false),
        _ => Err(Refusal::bad(format!("Unable to convert \"{text}\" to boolean"))),
    }
}

/// With offset, without (then UTC), or a day, which is its midnight.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim().replacen(' ', "T", 1);
    let naive = |format| NaiveDateTime::parse_from_str(&text, format).ok().map(|at| at.and_utc());
    DateTime::parse_from_rfc3339(&text)
        .ok()
        .map(|at| at.to_utc())
        .or_else(|| naive("%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|| naive("%Y-%m-%dT%H:%M"))
        .or_else(|| text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc()))
}
