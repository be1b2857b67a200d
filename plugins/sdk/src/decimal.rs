//! Decimal numbers as people and JSON write them, exact.

pub use rust_decimal::Decimal;

/// Reads a decimal number: `0.75`, `-1`, `1e-3`. None if it is none, or needs more than 28 digits.
pub fn parse(text: &str) -> Option<Decimal> {
    // `from_str_exact` admits underscores and a leading plus, which JSON does not.
    if !text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'))
        || text.starts_with('+')
    {
        return None;
    }
    if text.bytes().any(|b| matches!(b, b'e' | b'E')) {
        return Decimal::from_scientific(text).ok();
    }
    Decimal::from_str_exact(text).ok()
}

#[cfg(test)]
mod tests {
    use super::{Decimal, parse};

    #[test]
    fn decimals_are_exact_and_equal_whatever_their_zeros() {
        assert_eq!(
            parse("0.1").unwrap() + parse("0.2").unwrap(),
            parse("0.3").unwrap()
        );
        assert_eq!(parse("-1.0"), parse("-1"));
        assert_eq!(parse("1e-3"), parse("0.001"));
        assert_eq!(parse("2").unwrap(), Decimal::from(2));
    }

    #[test]
    fn what_is_no_decimal_is_none() {
        for text in [
            "",
            "a",
            "1_000",
            "+1",
            "1,5",
            "0.12345678901234567890123456789",
            "NaN",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
