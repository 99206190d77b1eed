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
}
