//! Decimal numbers as people and JSON write them, exact.

pub use rust_decimal::Decimal;

/// Reads a number as JSON writes it: `0.75`, `-1`, `1e-3`. None for anything else (`+1`, `.5`, `007`), and for one that
/// needs more than 28 digits.
pub fn parse(text: &str) -> Option<Decimal> {
    if !is_json_number(text) {
        return None;
    }
    if text.bytes().any(|b| matches!(b, b'e' | b'E')) {
        return Decimal::from_scientific(text).ok();
    }
    Decimal::from_str_exact(text).ok()
}

/// Reads a number as JSON writes it; one that decimals cannot hold is taken as the nearest they can. For bounds, which
/// Databricks holds as doubles: what lies beyond is beyond any value compared with it.
pub fn nearest(text: &str) -> Option<Decimal> {
    if let Some(exact) = parse(text) {
        return Some(exact);
    }
    let is_tiny = || text.to_ascii_lowercase().contains("e-");
    match is_json_number(text) {
        false => None,
        true if is_tiny() => Some(Decimal::ZERO),
        true if text.starts_with('-') => Some(Decimal::MIN),
        true => Some(Decimal::MAX),
    }
}

fn is_json_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let exponent = exponent.map(|e| e.strip_prefix(['-', '+']).unwrap_or(e));
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
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
            ".5",
            "5.",
            "007",
            "1e",
            "-",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
