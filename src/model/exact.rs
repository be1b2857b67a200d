//! Exact arithmetic: decimals multiplied without loss, seconds times rates divided once,
//! rounded once.
//!
//! The one rounding in tollgate is [`HourlyRate`]'s running total: a rate that has run for
//! `n` seconds amounts to `rate x n / 3600`, rounded half-even to 10^-9. What a part of a
//! stretch costs is the difference of two running totals, so the parts of any split add up,
//! to the last digit, to what the whole costs.

use rust_decimal::Decimal;
use std::str::FromStr;

use super::period::SECONDS_PER_HOUR;

/// Decimal places kept in stored amounts and quantities.
pub const NANO_PLACES: u32 = 9;
/// One whole unit in nanos.
pub const NANO: i64 = 1_000_000_000;
/// Decimal places of an [`HourlyRate`].
const RATE_PLACES: u32 = 20;
/// `10^(RATE_PLACES - NANO_PLACES) x 3600`: one nano, in rate units times seconds.
const NANO_IN_RATE_SECONDS: i128 = 100_000_000_000 * SECONDS_PER_HOUR as i128;

/// A number too large or too fine to be held exactly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be held exactly: {why}")]
pub struct Inexact {
    /// The computation.
    pub what: String,
    /// What would be lost.
    pub why: &'static str,
}

/// The product of two decimals, exact or refused.
///
/// # Errors
/// [`Inexact`] when the product has more digits than a decimal holds (28).
pub fn multiply(a: Decimal, b: Decimal) -> Result<Decimal, Inexact> {
    let (a, b) = (a.normalize(), b.normalize());
    let inexact = |why| Inexact {
        what: format!("{a} x {b}"),
        why,
    };
    let product = a.checked_mul(b).ok_or_else(|| inexact("the product overflows"))?;
    // rust_decimal rounds silently when the mantissa outgrows 96 bits: the scale then shrinks.
    if !product.is_zero() && product.scale() != a.scale().saturating_add(b.scale()) {
        return Err(inexact("the product has more than 28 digits"));
    }
    Ok(product.normalize())
}

/// The sum of two decimals, exact or refused.
///
/// # Errors
/// [`Inexact`] when the sum has more digits than a decimal holds (28).
pub fn add(a: Decimal, b: Decimal) -> Result<Decimal, Inexact> {
    let inexact = |why| Inexact {
        what: format!("{a} + {b}"),
        why,
    };
    let sum = a.checked_add(b).ok_or_else(|| inexact("the sum overflows"))?;
    if sum.scale() < a.scale().max(b.scale()) && !(a.is_zero() || b.is_zero()) {
        return Err(inexact("the sum has more than 28 digits"));
    }
    Ok(sum.normalize())
}

/// Something per hour (money, DBU), in units of 10^-20.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct HourlyRate(i128);

impl HourlyRate {
    /// The rate of so many units an hour at a price: [`HourlyRate::new`] of the product, without making a decimal of it.
    ///
    /// # Errors
    /// [`Inexact`] as [`HourlyRate::new`] of [`multiply`].
    pub fn of_product(per_hour: Decimal, price: Decimal) -> Result<HourlyRate, Inexact> {
        let places = per_hour.scale().saturating_add(price.scale());
        let product = RATE_PLACES.checked_sub(places).and_then(|missing| {
            let factor = 10_i128.checked_pow(missing)?;
            per_hour
                .mantissa()
                .checked_mul(price.mantissa())?
                .checked_mul(factor)
        });
        match product {
            Some(product) => Ok(HourlyRate(product)),
            // Digits that are zeros may be in the way.
            None => HourlyRate::new(multiply(per_hour, price)?),
        }
    }

    /// The rate of a decimal per hour.
    ///
    /// # Errors
    /// [`Inexact`] when the number has more than 20 decimal places or is out of range.
    pub fn new(per_hour: Decimal) -> Result<HourlyRate, Inexact> {
        let n = per_hour.normalize();
        let inexact = |why| Inexact {
            what: format!("{n} per hour"),
            why,
        };
        let places = RATE_PLACES
            .checked_sub(n.scale())
            .ok_or_else(|| inexact("more than 20 decimal places"))?;
        let factor = 10_i128
            .checked_pow(places)
            .ok_or_else(|| inexact("it overflows"))?;
        n.mantissa()
            .checked_mul(factor)
            .map(HourlyRate)
            .ok_or_else(|| inexact("it overflows"))
    }
}

/// What rates have amounted to since the start of a stretch: `sum(rate_i x seconds_i)`,
/// exact until it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunningTotal {
    rate_seconds: i128,
}

impl RunningTotal {
    /// Lets a rate run for some seconds.
    ///
    /// # Errors
    /// [`Inexact`] on overflow (a rate of 10^6 an hour may run for a million years).
    pub fn run(&mut self, rate: HourlyRate, seconds: i64) -> Result<(), Inexact> {
        let grown = rate
            .0
            .checked_mul(i128::from(seconds))
            .and_then(|more| self.rate_seconds.checked_add(more));
        self.rate_seconds = grown.ok_or_else(|| Inexact {
            what: "a running total".to_owned(),
            why: "it overflows",
        })?;
        Ok(())
    }

    /// Both totals together.
    ///
    /// # Errors
    /// [`Inexact`] on overflow.
    pub fn plus(self, other: RunningTotal) -> Result<RunningTotal, Inexact> {
        let sum = self.rate_seconds.checked_add(other.rate_seconds);
        let rate_seconds = sum.ok_or_else(|| Inexact {
            what: "a running total".to_owned(),
            why: "it overflows",
        })?;
        Ok(RunningTotal { rate_seconds })
    }

    /// The total so far in units of 10^-places, rounded half to even; `places` are 20 at most.
    pub fn rounded(&self, places: u32) -> i128 {
        let finer = RATE_PLACES.saturating_sub(places);
        let divisor = 10_i128.checked_pow(finer).unwrap_or(i128::MAX);
        divide_half_even(self.rate_seconds, divisor.saturating_mul(3_600))
    }

    /// The total so far in nanos, rounded half to even.
    ///
    /// # Errors
    /// [`Inexact`] when it exceeds 64 bits (9.2 thousand million units).
    pub fn nano(&self) -> Result<i64, Inexact> {
        i64::try_from(divide_half_even(self.rate_seconds, NANO_IN_RATE_SECONDS)).map_err(|_| Inexact {
            what: "a running total".to_owned(),
            why: "it exceeds 9223372036",
        })
    }
}

/// `numerator / (10^places x divisor)` in nanos, rounded half to even: what a share of an exact number comes to. The sign of the
/// numerator changes only the sign of the answer.
///
/// # Errors
/// [`Inexact`] when a number on the way exceeds 128 bits, or the answer 64. The divisor is positive.
pub fn share_nano(numerator: i128, places: u32, divisor: i64) -> Result<i64, Inexact> {
    let inexact = |why| Inexact {
        what: "a share of a quantity or a cost".to_owned(),
        why,
    };
    let overflow = || inexact("it overflows");
    let power = |n: u32| 10_i128.checked_pow(n).ok_or_else(overflow);
    let (dividend, divisor) = match places.checked_sub(NANO_PLACES) {
        Some(more) => {
            let divisor = power(more)?.checked_mul(divisor.into());
            (numerator, divisor.ok_or_else(overflow)?)
        }
        None => {
            let factor = power(NANO_PLACES.saturating_sub(places))?;
            let dividend = numerator.checked_mul(factor);
            (dividend.ok_or_else(overflow)?, i128::from(divisor))
        }
    };
    if divisor <= 0 {
        return Err(inexact("the divisor is not positive"));
    }
    i64::try_from(divide_half_even(dividend, divisor)).map_err(|_| inexact("it exceeds 9223372036"))
}

/// The named rounding: half to even. The divisor is positive.
fn divide_half_even(dividend: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let twice = rest.saturating_mul(2);
    let up = twice > divisor || (twice == divisor && quotient.rem_euclid(2) == 1);
    quotient.saturating_add(i128::from(up))
}

/// A quantity in nanos times a price, in nanos, rounded half to even.
///
/// # Errors
/// [`Inexact`] when a number on the way exceeds 128 bits, or the answer 64.
pub fn multiply_nano(quantity_nano: i64, price: Decimal) -> Result<i64, Inexact> {
    let price = price.normalize();
    let product = i128::from(quantity_nano).checked_mul(price.mantissa());
    let numerator = product.ok_or_else(|| Inexact {
        what: format!("{} x {price}", nano_to_decimal(quantity_nano)),
        why: "it overflows",
    })?;
    share_nano(numerator, price.scale().saturating_add(NANO_PLACES), 1)
}

/// Nanos as a decimal: 1_500_000_000 is 1.5.
pub fn nano_to_decimal(nano: i64) -> Decimal {
    Decimal::new(nano, NANO_PLACES).normalize()
}

/// Nanos rounded half-even to some places, for a reader. The only other rounding there is, and it
/// never feeds back into a sum.
pub fn nano_rounded(nano: i128, places: u32) -> i128 {
    let drop = NANO_PLACES.saturating_sub(places);
    let divisor = 10_i128.checked_pow(drop).unwrap_or(1);
    divide_half_even(nano, divisor)
}

/// A decimal as everything tollgate writes shows it: no exponent, no trailing zeros.
pub fn decimal_text(value: Decimal) -> String {
    let n = value.normalize();
    if n.is_zero() {
        "0".to_owned()
    } else {
        n.to_string()
    }
}

/// A text that is not a decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number; expected digits with at most one point, as in `12.50`")]
pub struct NotADecimal(pub String);

/// Reads a decimal from text without rounding it.
///
/// # Errors
/// [`NotADecimal`] for anything else, numbers of more than 28 digits included.
pub fn parse_decimal(text: &str) -> Result<Decimal, NotADecimal> {
    Decimal::from_str_exact(text.trim())
        .or_else(|_| Decimal::from_str(text.trim()))
        .map_err(|_| NotADecimal(text.to_owned()))
        .and_then(|d| {
            let plain = text.trim().trim_start_matches(['-', '+']);
            let fits = plain.chars().filter(char::is_ascii_digit).count() <= 28;
            fits.then_some(d).ok_or_else(|| NotADecimal(text.to_owned()))
        })
}

/// Reads the text of a JSON number, exponent included (`1.5e-05`), without rounding it.
///
/// # Errors
/// [`NotADecimal`] for anything else, numbers of more than 28 digits or decimal places included.
pub fn parse_json_number(text: &str) -> Result<Decimal, NotADecimal> {
    let wrong = || NotADecimal(text.to_owned());
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else {
        return parse_decimal(text);
    };
    let digits = parse_decimal(digits).map_err(|_| wrong())?.normalize();
    let exponent: i32 = exponent.parse().map_err(|_| wrong())?;
    if digits.is_zero() {
        return Ok(digits);
    }
    let steps = exponent.unsigned_abs();
    if exponent < 0 {
        let scale = digits.scale().saturating_add(steps);
        return Decimal::try_from_i128_with_scale(digits.mantissa(), scale).map_err(|_| wrong());
    }
    let factor = 10_i128.checked_pow(steps).ok_or_else(wrong)?;
    let factor = Decimal::try_from_i128_with_scale(factor, 0).map_err(|_| wrong())?;
    multiply(digits, factor).map_err(|_| wrong())
}

/// By how many percent `new` is more than `old`, rounded half-even to 2 places for a reader; none where `old` is zero, or
/// where the digits of both are too many to be divided exactly.
pub fn percent_change(old: Decimal, new: Decimal) -> Option<Decimal> {
    let (old, new) = (old.normalize(), new.normalize());
    let scale = old.scale().max(new.scale());
    let whole = |n: Decimal| {
        let factor = 10_i128.checked_pow(scale.saturating_sub(n.scale()))?;
        n.mantissa().checked_mul(factor)
    };
    let (old, new) = (whole(old)?, whole(new)?);
    let hundredths = new.checked_sub(old)?.checked_mul(10_000)?;
    let (dividend, divisor) = (hundredths.checked_mul(old.signum())?, old.checked_abs()?);
    // Twice the rest is compared with the divisor.
    let fits = divisor > 0 && divisor.checked_mul(2).is_some();
    let percent = fits.then(|| divide_half_even(dividend, divisor))?;
    Decimal::try_from_i128_with_scale(percent, 2).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_quantity_times_a_price_is_rounded_once_and_half_to_even() {
        let price = |text: &str| parse_decimal(text).unwrap();
        // 0.333333333 x 0.229 = 0.076333333257; half a nano goes to the even one; the sign changes nothing else.
        assert_eq!(multiply_nano(333_333_333, price("0.229")), Ok(76_333_333));
        assert_eq!(multiply_nano(1, price("0.50")), Ok(0));
        assert_eq!(multiply_nano(3, price("0.5")), Ok(2));
        assert_eq!(multiply_nano(-3, price("0.5")), Ok(-2));
        assert_eq!(
            multiply_nano(-100_000_000_000, price("0.2625")),
            Ok(-26_250_000_000)
        );
        assert!(multiply_nano(i64::MAX, price("1.1")).is_err());
        assert!(multiply_nano(i64::MAX, price("1.000000000000000000000000001")).is_err());
    }

    #[test]
    fn numbers_of_json_are_read_as_they_are_written() {
        for (text, number) in [
            ("0.0768", "0.0768"),
            ("8E-06", "0.000008"),
            ("1.5e2", "150"),
            ("0e999", "0"),
        ] {
            assert_eq!(parse_json_number(text).unwrap(), dec(number), "{text}");
        }
        for wrong in [
            "1e400",
            "1e-29",
            "1e",
            "e5",
            "1e5.0",
            "12345678901234567890123456789",
            "1e99999999999",
        ] {
            assert!(parse_json_number(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn percents_are_rounded_half_even() {
        let percent = |old, new| percent_change(dec(old), dec(new)).map(decimal_text);
        assert_eq!(percent("0.55", "0.50").as_deref(), Some("-9.09"));
        assert_eq!(percent("0.40", "0.55").as_deref(), Some("37.5"));
        // 0.125 and 0.375 percent.
        assert_eq!(percent("800", "801").as_deref(), Some("0.12"));
        assert_eq!(percent("800", "803").as_deref(), Some("0.38"));
        assert_eq!(percent("0", "1"), None);
        assert_eq!(
            percent("0.000000000000000000000000001", "7922816251426433759354395033"),
            None
        );
    }

    fn dec(text: &str) -> Decimal {
        parse_decimal(text).unwrap()
    }

    fn cost(rate: &str, seconds: i64) -> i64 {
        let mut total = RunningTotal::default();
        total.run(HourlyRate::new(dec(rate)).unwrap(), seconds).unwrap();
        total.nano().unwrap()
    }

    #[test]
    fn one_hour_costs_the_rate_and_a_third_is_rounded_once() {
        assert_eq!(cost("0.229", 3600), 229_000_000);
        assert_eq!(cost("1", 1200), 333_333_333);
        assert_eq!(cost("1", 2400), 666_666_667);
        // 0.0000000018 an hour for 1000 s is exactly half a nano: to even.
        assert_eq!(cost("0.0000000018", 1000), 0);
        assert_eq!(cost("0.0000000018", 3000), 2);
    }

    #[test]
    fn products_are_exact_or_refused() {
        assert_eq!(
            multiply(dec("0.3071428571"), dec("0.55")).unwrap(),
            dec("0.168928571405")
        );
        assert!(multiply(dec("0.1234567890123456789"), dec("0.1234567890123456789")).is_err());
        assert!(HourlyRate::new(dec("0.000000000000000000001")).is_err());
    }

    #[test]
    fn a_share_is_rounded_once_half_to_even_and_alike_for_both_signs() {
        // 259.4356 x 0.30, the documentation's quantity at the list price: 77.83068.
        assert_eq!(share_nano(2_594_356 * 30, 4 + 2, 1), Ok(77_830_680_000));
        // Half an hour of 1/3600: 0.000138888...
        assert_eq!(share_nano(1_800, 0, 3_600 * 3_600), Ok(138_889));
        // 0.0000000005 and 0.0000000015: to even.
        assert_eq!((share_nano(5, 10, 1), share_nano(15, 10, 1)), (Ok(0), Ok(2)));
        for n in [5, 15, 25, 7, 1_234_567_891] {
            assert_eq!(share_nano(-n, 10, 3).unwrap(), -share_nano(n, 10, 3).unwrap());
        }
        assert!(share_nano(i128::MAX, 0, 1).is_err());
        assert!(share_nano(10_i128.pow(19), 0, 1).is_err());
    }

    #[test]
    fn reader_rounding_is_half_even() {
        assert_eq!(nano_rounded(125_000_000, 1), 1);
        assert_eq!(nano_rounded(250_000_000, 1), 2);
        assert_eq!(nano_rounded(350_000_000, 1), 4);
        assert_eq!(nano_rounded(-250_000_000, 1), -2);
    }

    proptest! {
        #[test]
        fn any_split_costs_what_the_whole_costs(
            rate in 0_u64..9_000_000_000, places in 4_u32..11,
            a in 0_i64..3_000_000, b in 0_i64..3_000_000,
        ) {
            let rate = HourlyRate::new(Decimal::new(rate as i64, places)).unwrap();
            let (mut first, mut whole) = (RunningTotal::default(), RunningTotal::default());
            first.run(rate, a).unwrap();
            whole.run(rate, a + b).unwrap();
            let mut both = first;
            both.run(rate, b).unwrap();
            prop_assert_eq!(both.nano(), whole.nano());
            let second = both.nano().unwrap() - first.nano().unwrap();
            prop_assert_eq!(first.nano().unwrap() + second, whole.nano().unwrap());
        }
    }
}
