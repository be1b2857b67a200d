//! Exact sums of what vendors write: whole numbers of 10^-24 in 128 bits.
//!
//! A statement's decimals are finer than the ledger's 10^-9: `system.billing.usage` has 18 places, cost exports of Azure write
//! doubles with up to 17 significant digits. They are added here without rounding; a sum that would not fit is refused.

use rust_decimal::Decimal;
use std::fmt;

use super::exact::{Inexact, NANO_PLACES, nano_rounded};

/// Decimal places that are kept.
pub const AMOUNT_PLACES: u32 = 24;
/// Nanos in units of 10^-24.
const NANO_UNITS: i128 = 1_000_000_000_000_000;
/// The largest whole part of one number: with it, ten thousand such numbers can be added.
const LARGEST: i128 = 9_999_999_999;

/// An exact amount of money or quantity, in 10^-24 units. Sums reach about 1.7 x 10^14 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// Nanos of the ledger.
    ///
    /// # Errors
    /// [`Inexact`] beyond about 1.7 x 10^14 units.
    pub fn of_nano(nano: i128) -> Result<Amount, Inexact> {
        nano.checked_mul(NANO_UNITS)
            .map(Amount)
            .ok_or_else(|| too_large("a sum of the ledger"))
    }

    /// A decimal as a vendor writes it.
    ///
    /// # Errors
    /// [`Inexact`] for more than 24 decimal places, and for 10^10 and more.
    pub fn of_decimal(decimal: Decimal) -> Result<Amount, Inexact> {
        let n = decimal.normalize();
        let wrong = |why| Inexact {
            what: n.to_string(),
            why,
        };
        let places = AMOUNT_PLACES
            .checked_sub(n.scale())
            .ok_or_else(|| wrong("more than 24 decimal places"))?;
        let whole = n.trunc().mantissa().unsigned_abs();
        if whole > LARGEST.unsigned_abs() {
            return Err(wrong("10000000000 or more"));
        }
        10_i128
            .checked_pow(places)
            .and_then(|factor| n.mantissa().checked_mul(factor))
            .map(Amount)
            .ok_or_else(|| wrong("it overflows"))
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Inexact`] where it does not fit.
    pub fn plus(self, other: Amount) -> Result<Amount, Inexact> {
        let sum = self.0.checked_add(other.0).map(Amount);
        sum.ok_or_else(|| too_large("a sum"))
    }

    /// The difference.
    ///
    /// # Errors
    /// [`Inexact`] where it does not fit.
    pub fn minus(self, other: Amount) -> Result<Amount, Inexact> {
        let difference = self.0.checked_sub(other.0).map(Amount);
        difference.ok_or_else(|| too_large("a difference"))
    }

    /// Without its sign.
    pub fn absolute(self) -> Amount {
        Amount(self.0.saturating_abs())
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// As a decimal.
    ///
    /// # Errors
    /// [`Inexact`] where it has more digits than a decimal holds (28).
    pub fn decimal(self) -> Result<Decimal, Inexact> {
        let (mut mantissa, mut places) = (self.0, AMOUNT_PLACES);
        while places > 0 && mantissa.rem_euclid(10) == 0 {
            mantissa = mantissa.div_euclid(10);
            places = places.saturating_sub(1);
        }
        Decimal::try_from_i128_with_scale(mantissa, places).map_err(|_| Inexact {
            what: self.to_string(),
            why: "more than 28 digits",
        })
    }

    /// Rounded half-even to some places (0 to 9), for a reader; all places are shown.
    pub fn rounded(self, places: u32) -> String {
        let places = places.min(NANO_PLACES);
        // Rounding twice would move a number that lies just beside a half: only the places wanted are dropped, at once.
        let dropped = AMOUNT_PLACES.saturating_sub(places);
        let divisor = 10_i128.checked_pow(dropped).unwrap_or(1);
        let (quotient, rest) = (self.0.div_euclid(divisor), self.0.rem_euclid(divisor));
        let half = divisor.div_euclid(2);
        let up = rest > half || (rest == half && quotient.rem_euclid(2) == 1);
        text(quotient.saturating_add(i128::from(up)), places, true)
    }
}

/// The nearest nano, half to even, rounded to some places: what a vendor's rule makes of one of our numbers.
pub fn rounded_nano(nano: i128, places: u32) -> i128 {
    let factor = 10_i128
        .checked_pow(NANO_PLACES.saturating_sub(places))
        .unwrap_or(1);
    nano_rounded(nano, places).saturating_mul(factor)
}

fn too_large(what: &str) -> Inexact {
    Inexact {
        what: what.to_owned(),
        why: "it exceeds 170 million million units",
    }
}

/// `units` of 10^-places with a point; trailing zeros where they are kept.
fn text(units: i128, places: u32, keep_zeros: bool) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let places = usize::try_from(places).unwrap_or_default();
    let digits = format!(
        "{:0>width$}",
        units.unsigned_abs(),
        width = places.saturating_add(1)
    );
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
    let fraction = if keep_zeros {
        fraction
    } else {
        fraction.trim_end_matches('0')
    };
    match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// All digits, without trailing zeros.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(self.0, AMOUNT_PLACES, false))
    }
}

/// The exact text.
impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exact::parse_decimal;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        Amount::of_decimal(parse_decimal(text).unwrap()).unwrap()
    }

    #[test]
    fn amounts_are_read_added_and_shown_to_the_last_digit() {
        assert_eq!(amount("8.3364").to_string(), "8.3364");
        assert_eq!(
            amount("-0.000000000000000000000001").to_string(),
            "-0.000000000000000000000001"
        );
        let sum = amount("9999999999.5")
            .plus(amount("0.500000000000000001"))
            .unwrap();
        assert_eq!(sum.to_string(), "10000000000.000000000000000001");
        assert_eq!(Amount::of_nano(1_500_000_000).unwrap(), amount("1.5"));
        assert!(Amount::of_decimal(parse_decimal("10000000000").unwrap()).is_err());
        assert!(Amount::of_decimal(parse_decimal("0.0000000000000000000000001").unwrap()).is_err());
        let large = Amount(i128::MAX);
        assert!(large.plus(amount("1")).is_err() && Amount(i128::MIN).minus(amount("1")).is_err());
    }

    #[test]
    fn a_reader_sees_them_rounded_once_half_to_even() {
        for (exact, shown) in [
            ("0.125", "0.12"),
            ("0.135", "0.14"),
            ("-0.125", "-0.12"),
            ("0.1250000001", "0.13"),
            ("7", "7.00"),
        ] {
            assert_eq!(amount(exact).rounded(2), shown, "{exact}");
        }
        assert_eq!(rounded_nano(1_005_000_001, 2), 1_010_000_000);
        assert_eq!(rounded_nano(-1_005_000_000, 2), -1_000_000_000);
    }

    proptest! {
        #[test]
        fn nanos_keep_their_value(nano in any::<i64>()) {
            let amount = Amount::of_nano(nano.into()).unwrap();
            prop_assert_eq!(amount.decimal().unwrap(), Decimal::new(nano, 9).normalize());
        }
    }
}
