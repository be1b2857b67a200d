//! How a vendor rounds before it writes an invoice, by name. Our side is recomputed under the rules, never changed.
#![deny(clippy::arithmetic_side_effects)]

use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

use crate::model::amount::rounded_nano;
use crate::model::exact::{Inexact, share_nano};
use crate::model::place::UnknownName;

/// One rule. They apply to a line: what a resource used of a meter on a UTC day at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvoiceRule {
    /// Started minutes count whole. Of meters that count hours.
    MinuteUp,
    /// Hours have two decimals, rounded half to even.
    Hours2,
    /// Each line's cost is rounded to the cent, half to even.
    LineCent,
}

impl InvoiceRule {
    /// `minute-up`, `hours-2` or `line-cent`.
    pub fn as_str(self) -> &'static str {
        match self {
            InvoiceRule::MinuteUp => "minute-up",
            InvoiceRule::Hours2 => "hours-2",
            InvoiceRule::LineCent => "line-cent",
        }
    }
}

impl fmt::Display for InvoiceRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for InvoiceRule {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<InvoiceRule, UnknownName> {
        [InvoiceRule::MinuteUp, InvoiceRule::Hours2, InvoiceRule::LineCent]
            .into_iter()
            .find(|rule| rule.as_str() == text)
            .ok_or_else(|| UnknownName {
                what: "rounding rule",
                found: text.to_owned(),
                expected: "line-cent, hours-2, minute-up",
            })
    }
}

/// A line of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Units in 10^-9.
    pub quantity_nano: i128,
    /// Money in 10^-9.
    pub cost_nano: i128,
}

/// The line under rules, which apply in a fixed order, whatever the order they are named in: minutes, hours, cents. `hours` says
/// whether its meter counts hours. What no rule changes stays as it is; what one does is priced anew.
///
/// # Errors
/// [`Inexact`] for costs beyond 64 bits.
pub fn under(rules: &[InvoiceRule], line: Line, price: Decimal, hours: bool) -> Result<Line, Inexact> {
    let has = |rule| rules.contains(&rule);
    let mut line = line;
    if hours && has(InvoiceRule::MinuteUp) {
        line = minute_up(line, price)?;
    }
    if hours && has(InvoiceRule::Hours2) {
        let quantity_nano = rounded_nano(line.quantity_nano, 2);
        if quantity_nano != line.quantity_nano {
            // Hundredths of an hour are a whole number of 10^7 nanos.
            let hundredths = quantity_nano.div_euclid(10_000_000);
            let cost_nano = priced(price, hundredths, 2, 1)?;
            line = Line {
                quantity_nano,
                cost_nano,
            };
        }
    }
    if has(InvoiceRule::LineCent) {
        line.cost_nano = rounded_nano(line.cost_nano, 2);
    }
    Ok(line)
}

fn minute_up(line: Line, price: Decimal) -> Result<Line, Inexact> {
    let overflow = || Inexact {
        what: "a line in minutes".to_owned(),
        why: "it overflows",
    };
    // Usage is in whole seconds; the nano-hours of a third of an hour are not. The sign of a retraction stays outside.
    let scaled = line.quantity_nano.abs().checked_mul(3_600).ok_or_else(overflow)?;
    let seconds = rounded_nano(scaled, 0).div_euclid(1_000_000_000);
    let minutes = seconds.saturating_add(59).div_euclid(60);
    if minutes.saturating_mul(60) == seconds {
        return Ok(line);
    }
    let minutes = minutes.saturating_mul(line.quantity_nano.signum());
    Ok(Line {
        quantity_nano: share_nano(minutes, 0, 60)?.into(),
        cost_nano: priced(price, minutes, 0, 60)?,
    })
}

/// `price x units / (10^places x divisor)` in nanos, half to even.
fn priced(price: Decimal, units: i128, places: u32, divisor: i64) -> Result<i128, Inexact> {
    let price = price.normalize();
    let numerator = price.mantissa().checked_mul(units).ok_or_else(|| Inexact {
        what: "a line's cost".to_owned(),
        why: "it overflows",
    })?;
    share_nano(numerator, price.scale().saturating_add(places), divisor).map(i128::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::dec;

    fn line(quantity_nano: i128, cost_nano: i128) -> Line {
        Line {
            quantity_nano,
            cost_nano,
        }
    }

    /// 40 minutes and 1 second at 0.30 an hour: 2401 s x 0.30 / 3600 = 0.200083333.
    #[test]
    fn rules_do_what_their_names_say() {
        let told = line(666_944_444, 200_083_333);
        let price = dec("0.3");
        for (rules, quantity_nano, cost_nano) in [
            (vec![], 666_944_444, 200_083_333),
            // 41 minutes: 41/60 h, 0.30 x 41/60 = 0.205
            (vec![InvoiceRule::MinuteUp], 683_333_333, 205_000_000),
            // 0.67 h x 0.30 = 0.201
            (vec![InvoiceRule::Hours2], 670_000_000, 201_000_000),
            (vec![InvoiceRule::LineCent], 666_944_444, 200_000_000),
            // 41 minutes are 0.68 h, x 0.30 = 0.204, in cents 0.20
            (
                vec![InvoiceRule::LineCent, InvoiceRule::Hours2, InvoiceRule::MinuteUp],
                680_000_000,
                200_000_000,
            ),
        ] {
            assert_eq!(
                under(&rules, told, price, true),
                Ok(line(quantity_nano, cost_nano)),
                "{rules:?}"
            );
            let back = under(&rules, line(-told.quantity_nano, -told.cost_nano), price, true);
            assert_eq!(
                back,
                Ok(line(-quantity_nano, -cost_nano)),
                "{rules:?}, taken back"
            );
        }
        let all = [InvoiceRule::MinuteUp, InvoiceRule::Hours2];
        assert_eq!(under(&all, told, price, false), Ok(told), "no hours");
        // 40 minutes are whole, although 0.666666667 h are a little more.
        let whole = line(666_666_667, 200_000_000);
        assert_eq!(under(&[InvoiceRule::MinuteUp], whole, price, true), Ok(whole));
    }
}
