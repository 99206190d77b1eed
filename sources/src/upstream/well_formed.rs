//! `WellFormed`: JSON of which nothing is kept, at most 128 arrays and objects deep. Unlike `IgnoredAny` it has a limit of depth:
//! what a record ignores may lie arbitrarily deep otherwise.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

pub(crate) struct WellFormed;

impl<'de> Deserialize<'de> for WellFormed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = WellFormed;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<WellFormed, E> {
        Ok(WellFormed)
    }

    fn visit_i64<E>(self, _: i64) -> Result<WellFormed, E> {
        Ok(WellFormed)
    }

    fn visit_u64<E>(self, _: u64) -> Result<WellFormed, E> {
        Ok(WellFormed)
    }

    fn visit_f64<E>(self, _: f64) -> Result<WellFormed, E> {
        Ok(WellFormed)
    }

    fn visit_str<E>(self, _: &str) -> Result<WellFormed, E> {
        Ok(WellFormed)
    }

    fn visit_unit<E>(self) -> Result<WellFormed, E> {
        Ok(WellFormed)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<WellFormed, A::Error> {
        while items.next_element::<WellFormed>()?.is_some() {}
        Ok(WellFormed)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<WellFormed, A::Error> {
        while fields.next_entry::<WellFormed, WellFormed>()?.is_some() {}
        Ok(WellFormed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_well_formed(text: &str) -> bool {
        serde_json::from_str::<WellFormed>(text).is_ok()
    }

    #[test]
    fn whatever_is_json_is() {
        for text in [r#"{"a":[1,-2,0.5,1e300,true,null,"é\n"],"b":{}}"#, "[]", "0", "null", r#""""#] {
            assert!(is_well_formed(text), "{text}");
        }
        for text in ["", "{", "[1,]", "{\"a\"}", "<html>", "{} {}", "nul"] {
            assert!(!is_well_formed(text), "{text}");
        }
    }

    #[test]
    fn it_is_no_deeper_than_can_be_read_without_harm() {
        let nested = |depth: usize| format!("{{\"unknown\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_well_formed(&nested(126)));
        assert!(!is_well_formed(&nested(128)));
        assert!(!is_well_formed(&nested(100_000)));
    }
}
