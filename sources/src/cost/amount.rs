//! Numbers as FOCUS writes them.

/// Most bytes of a number; the longest that any specification shows has a few dozens.
const BYTES_MAX: usize = 100;

/// Largest exponent either way.
const EXPONENT_MAX: u32 = 50;

/// Whether this is a decimal number: digits with a sign, a point and an exponent where wanted. Everything else, such as a currency
/// sign or separators of thousands, would have to be guessed at.
pub(super) fn is_decimal(text: &[u8]) -> bool {
    if text.len() > BYTES_MAX {
        return false;
    }
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => {
            let (mantissa, exponent) = unsigned.split_at(at);
            (mantissa, Some(exponent.get(1..).unwrap_or_default()))
        }
        None => (unsigned, None),
    };
    let mut parts = mantissa.splitn(2, |byte| *byte == b'.');
    let whole = parts.next().unwrap_or_default();
    let fraction = parts.next().unwrap_or_default();
    let are_digits = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    are_digits(whole) && are_digits(fraction) && whole.len() + fraction.len() > 0 && exponent.is_none_or(is_exponent)
}

fn is_exponent(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    !digits.is_empty()
        && digits.iter().all(u8::is_ascii_digit)
        && std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse::<u32>().ok())
            .is_some_and(|size| size <= EXPONENT_MAX)
}

#[cfg(test)]
mod tests {
    use super::is_decimal;

    #[test]
    fn a_decimal_has_no_currency_no_thousands_and_no_end_in_sight() {
        for good in ["0", "-0.00000080000", "+1.5", "12.", ".5", "1E-05", "-3.2e+10", "0.002007490000000"] {
            assert!(is_decimal(good.as_bytes()), "{good}");
        }
        let long = "9".repeat(101);
        for bad in [
            "",
            "-",
            ".",
            "$10,000.00",
            "1,000",
            "1 000",
            "NaN",
            "Infinity",
            "1e",
            "1e999",
            "0x1",
            "1_0",
            "1.2.3",
            &long,
        ] {
            assert!(!is_decimal(bad.as_bytes()), "{bad}");
        }
    }
}
