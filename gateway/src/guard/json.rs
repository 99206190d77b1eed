//! The scan of a JSON body: how deep it nests, before it is read.

use super::{GuardError, Limits, document::place};

/// Lets a body pass that nests no deeper than the limit. Whether it is JSON at all is the reader's affair.
pub fn check_json(bytes: &[u8], limits: &Limits) -> Result<(), GuardError> {
    let (mut depth, mut is_string, mut is_escaped) = (0usize, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match (is_string, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_string = !is_string,
            (true, _) => {}
            (false, b'[' | b'{') => {
                depth += 1;
                if depth > limits.nesting_max {
                    let (line, column) = place(bytes, at);
                    return Err(GuardError::TooDeep { max: limits.nesting_max, line, column });
                }
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            (false, _) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    const LIMITS: Limits = Limits { document_bytes_max: 1 << 20, tokens_max: 5_000, nesting_max: 64 };

    #[test]
    fn nesting_is_bounded_and_strings_do_not_count() {
        for open in ["[", "{\"a\":"] {
            for depth in [1, 64, 65, 100, 1_000, 100_000] {
                assert_eq!(
                    check_json(open.repeat(depth).as_bytes(), &LIMITS).is_ok(),
                    depth <= 64,
                    "{open} at {depth}"
                );
            }
        }
        let text = format!("{{\"query\": \"{}\\\"{}\"}}", "[".repeat(200), "{".repeat(200));
        assert_eq!(check_json(text.as_bytes(), &LIMITS), Ok(()));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[\\PC\"\\\\{}\\[\\]]{0,8}".prop_map(Value::from)
        ];
        leaf.prop_recursive(9, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a\"\\\\{]{0,3}", inner), 0..4).prop_map(|all| all.into_iter().collect()),
            ]
        })
    }

    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or_default(),
            Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn nesting_is_what_the_reader_finds(value in value(), nesting_max in 0..9usize) {
            let limits = Limits { nesting_max, ..LIMITS };
            let bytes = serde_json::to_vec(&value).unwrap();
            prop_assert_eq!(check_json(&bytes, &limits).is_ok(), depth(&value) <= nesting_max);
        }

        #[test]
        fn no_bytes_make_it_panic_or_pass_deeper_than_allowed(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..80),
                "[\\[\\]{}\"\\\\,:1a ]{0,40}".prop_map(String::into_bytes),
            ],
            nesting_max in 0..5usize,
        ) {
            let outcome = check_json(&bytes, &Limits { nesting_max, ..LIMITS });
            if let Ok(value) = serde_json::from_slice::<Value>(&bytes) {
                prop_assert_eq!(outcome.is_ok(), depth(&value) <= nesting_max);
            }
        }
    }
}
