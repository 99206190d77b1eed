//! The scalars of the graph. Each says what it looks like on the wire, and refuses anything else with a plain message.

use std::fmt;

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use bigdecimal::{BigDecimal, RoundingMode};
use chrono::{SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::EntityRef;

/// Names an entity: `kind:namespace/name`, whatever the case, such as `component:default/payments-api`. On input the
/// namespace may be left out and is then `default`, and the kind where only one is possible. Answers are always
/// whole.
#[Scalar(name = "EntityRef", specified_by_url = "https://backstage.io/docs/features/software-catalog/references")]
impl ScalarType for EntityRef {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => EntityRef::parse(text).map_err(|error| InputValueError::custom(error.to_string())),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

/// A moment: RFC 3339 in UTC, such as `2026-11-23T08:15:30.250Z`. Other offsets are accepted and converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DateTime(pub chrono::DateTime<Utc>);

impl fmt::Display for DateTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As many digits as the moment has: a shortened one would not find itself again in `updatedAfter`.
        out.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl From<chrono::DateTime<Utc>> for DateTime {
    fn from(moment: chrono::DateTime<Utc>) -> Self {
        Self(moment)
    }
}

/// A moment: RFC 3339 in UTC, such as `2026-11-23T08:15:30.250Z`. Other offsets are accepted and converted.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                chrono::DateTime::parse_from_rfc3339(text).map(|moment| Self(moment.with_timezone(&Utc))).map_err(
                    |_| InputValueError::custom("write the moment as RFC 3339, for example `2026-11-23T08:15:30Z`"),
                )
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// A calendar day in UTC: `2026-11-23`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(pub chrono::NaiveDate);

/// A calendar day in UTC: `2026-11-23`.
#[Scalar(name = "Date", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                // The library also takes days without their zeros, and years with a sign.
                let day = text.parse().ok().filter(|day: &chrono::NaiveDate| day.to_string() == *text);
                day.map(Self).ok_or_else(|| InputValueError::custom("write the day as `2026-11-23`"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An exact decimal number as a text, without an exponent: `"1234.5600"`. Never read it into a float.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal(pub BigDecimal);

/// Longest text of a number, in bytes: more digits than any sum of money has.
const DECIMAL_BYTES_MAX: usize = 1_000;

impl Decimal {
    /// The number that `text` writes out; none when it is no number, has an exponent, or more digits than anybody needs.
    pub fn read(text: &str) -> Option<Self> {
        // The library also takes `_` between digits, and exponents.
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
        if !is_plain || text.len() > DECIMAL_BYTES_MAX {
            return None;
        }
        // Zeros at the end are kept, which say how exact a number is.
        text.parse().ok().map(Self)
    }
}

/// Largest exponent of a number, either way.
const EXPONENT_MAX: i64 = 100;

/// Digits after the point of a quotient, which would have no end.
const QUOTIENT_DIGITS: i64 = 6;

impl Decimal {
    /// As [`Self::read`], also with a sign and an exponent, as files have them.
    pub fn read_scientific(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let Self(number) = Self::read(mantissa.strip_prefix('+').unwrap_or(mantissa))?;
        let (digits, scale) = number.into_bigint_and_scale();
        let scale = scale - Some(exponent).filter(|exponent| exponent.abs() <= EXPONENT_MAX)?;
        let number = BigDecimal::new(digits, scale);
        Some(Self(if scale < 0 { number.with_scale(0) } else { number }))
    }

    /// This divided by a count, to six digits after the point; none by zero.
    pub fn divided(&self, count: i64) -> Option<Self> {
        let quotient = (count != 0).then(|| &self.0 / BigDecimal::from(count))?;
        Some(Self(quotient.with_scale_round(QUOTIENT_DIGITS, RoundingMode::HalfEven).normalized()))
    }

    /// The same number without zeros at its end.
    pub fn trimmed(&self) -> Self {
        Self(self.0.normalized())
    }
}

impl std::ops::AddAssign<&Decimal> for Decimal {
    fn add_assign(&mut self, other: &Decimal) {
        self.0 += &other.0;
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.to_plain_string())
    }
}

impl From<Decimal> for String {
    fn from(number: Decimal) -> Self {
        number.to_string()
    }
}

impl TryFrom<String> for Decimal {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::read(&text).ok_or("not an exact decimal number")
    }
}

/// An exact decimal number as a text, without an exponent: `"1234.5600"`. Never read it into a float.
#[Scalar(name = "Decimal", specified_by_url = "https://www.w3.org/TR/xmlschema-2/#decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Self::read(text)
                .ok_or_else(|| InputValueError::custom("write the number as a text, for example `\"1234.56\"`")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// Any JSON value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(pub serde_json::Value);

/// Any JSON value.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value.into_json()?))
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// A JSON object.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonObject(pub serde_json::Map<String, serde_json::Value>);

/// A JSON object.
#[Scalar(name = "JSONObject", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259#section-4")]
impl ScalarType for JsonObject {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value.into_json()? {
            serde_json::Value::Object(object) => Ok(Self(object)),
            _ => Err(InputValueError::custom("write a JSON object")),
        }
    }

    fn to_value(&self) -> Value {
        Value::from_json(serde_json::Value::Object(self.0.clone())).unwrap_or_default()
    }
}

/// An absolute web address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebUrl(pub String);

impl WebUrl {
    /// The address, if `text` is an absolute `http` or `https` one: what came from outside may be anything, such as a script.
    pub fn read(text: &str) -> Option<Self> {
        let url = url::Url::parse(text).ok()?;
        matches!(url.scheme(), "http" | "https").then(|| Self(text.to_owned()))
    }
}

/// An absolute web address.
#[Scalar(name = "URL", specified_by_url = "https://url.spec.whatwg.org/")]
impl ScalarType for WebUrl {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                Self::read(text).ok_or_else(|| InputValueError::custom("write an absolute http or https address"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// What is wrong with a value of one of these scalars, by the scalar's name; none when it fits. Scalars that are not of this
/// graph accept anything.
pub fn scalar_problem(name: &str, value: serde_json::Value) -> Option<String> {
    fn read<T: ScalarType + InputType>(value: Value) -> Option<String> {
        let message = <T as ScalarType>::parse(value).err()?.into_server_error(async_graphql::Pos::default()).message;
        // The library puts its own words before ours.
        let ours = message.strip_prefix("Failed to parse ").and_then(|rest| rest.split_once(": "));
        Some(ours.map_or(message.clone(), |(_, ours)| ours.to_owned()))
    }
    let value = Value::from_json(value).ok()?;
    match name {
        "EntityRef" => read::<EntityRef>(value),
        "Date" => read::<Date>(value),
        "DateTime" => read::<DateTime>(value),
        "Decimal" => read::<Decimal>(value),
        "JSON" => read::<Json>(value),
        "JSONObject" => read::<JsonObject>(value),
        "URL" => read::<WebUrl>(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_decimal_keeps_every_digit() {
        for text in ["0.0", "25.488", "-3.50", "1234567890123456789.123456789", "0.000000000000000000000000000001"] {
            let number = Decimal::read(text).unwrap();
            assert_eq!(number.to_string(), text);
            assert_eq!(serde_json::to_value(number).unwrap(), serde_json::json!(text));
        }
        for text in ["", "1e3", "NaN", "1,5", " 1", "1.2.3", "1_000", "-", ".", &"9".repeat(1_001)] {
            assert_eq!(Decimal::read(text), None, "{text:?} was accepted");
        }
    }

    #[test]
    fn a_day_is_written_in_one_way() {
        let read = |text: &str| <Date as ScalarType>::parse(Value::String(text.to_owned()));
        assert_eq!(ScalarType::to_value(&read("2026-02-28").unwrap()), Value::String("2026-02-28".to_owned()));
        for text in ["2026-2-28", "2026-02-30", "2026-02-28T00:00:00Z", "28.02.2026", "+026-02-01", ""] {
            assert!(read(text).is_err(), "{text:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn a_decimal_comes_back_as_it_went(text in "-?[1-9][0-9]{0,14}(\\.[0-9]{1,10})?") {
            prop_assert_eq!(Decimal::read(&text).unwrap().to_string(), text);
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = Decimal::read(&text);
        }
    }
}
