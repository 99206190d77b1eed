//! AWX's JSON, as far as we read it. Everything may be null or absent and every enumeration is open.

mod deployment;
mod host;
mod job;
mod template;
#[cfg(test)]
mod tests;

use std::{fmt, marker::PhantomData};

use chrono::{DateTime, Utc};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

pub(super) use deployment::DeploymentJob;
pub(super) use host::{HostSummary, JobDetail};
pub(super) use job::Job;
pub(super) use template::{RECENT_RUNS, Template};

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    /// Absent when totals are switched off.
    pub(super) count: Option<i64>,
    pub(super) results: Option<Vec<T>>,
}

/// Something with a name.
#[derive(Debug, Deserialize)]
struct Named {
    name: Option<String>,
}

/// Its name, where it has one.
fn name(named: Option<Named>) -> Option<String> {
    text(named?.name)
}

/// A text, unless it is empty: AWX writes what is not set as an empty one.
fn text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// A number that is written as such or, as the specification has it, as a text.
fn lenient_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
        Other(IgnoredAny),
    }
    let number = match Option::<Written>::deserialize(deserializer)? {
        Some(Written::Number(number)) => Some(number),
        Some(Written::Text(text)) => text.parse().ok(),
        Some(Written::Other(_)) | None => None,
    };
    Ok(number.filter(|number: &f64| number.is_finite()))
}

/// An object, or nothing where AWX writes something else, as a gateway before it may.
fn lenient_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    // As an untagged enumeration each would be copied as a whole before it is looked at, and these are most of an answer.
    deserializer.deserialize_any(Lenient(PhantomData))
}

struct Lenient<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Lenient<T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Option<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<T>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Option<T>, E> {
        Ok(None)
    }
}

/// A moment as records have it.
fn moment(moment: Option<DateTime<Utc>>) -> Option<schema::DateTime> {
    moment.map(Into::into)
}
