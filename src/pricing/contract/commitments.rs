//! The parts of a contract that are applied when a month's usage is known: commitments and volume tiers.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;

use super::{agreed, patterns};
use crate::model::agreement::{Agreed, Commitment, CommitmentKind, DrawnAt, Payments, Tier, VolumeTiers};
use crate::model::exact::{NANO_PLACES, multiply, parse_decimal};
use crate::model::meter_pattern::MeterPattern;
use crate::model::money::Currency;
use crate::model::period::{Instant, Period, SECONDS_PER_DAY, SECONDS_PER_HOUR};
use crate::model::place::Cloud;
use crate::pricing::book_file::{Fault, instant};

/// A commitment as written; which fields it has follows from its kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommitmentRow<'a> {
    name: &'a str,
    kind: Kind,
    cloud: Cloud,
    from: &'a str,
    to: &'a str,
    #[serde(default)]
    cost_centre: &'a str,
    #[serde(borrow, default)]
    payments: PaymentsRow<'a>,
    #[serde(default)]
    meters: Vec<MeterRow>,
    #[serde(default)]
    units: Option<&'a str>,
    #[serde(default)]
    drawn_at: Option<Drawn>,
    #[serde(default)]
    quantity: Option<&'a str>,
    #[serde(default)]
    per_hour: Option<&'a str>,
    #[serde(borrow, default)]
    prices: Vec<PlanPriceRow<'a>>,
    #[serde(default, rename = "note")]
    _note: Option<IgnoredAny>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Prepaid,
    Reservation,
    SavingsPlan,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Drawn {
    ListPrice,
    ContractedPrice,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PaymentsRow<'a> {
    #[serde(default)]
    upfront: Option<&'a str>,
    #[serde(default)]
    monthly: Option<&'a str>,
    #[serde(default)]
    hourly: Option<&'a str>,
}

/// A meter, or one with the units that an hour of it takes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum MeterRow {
    Meter(String),
    Ratio(RatioRow),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RatioRow {
    meter: String,
    ratio: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanPriceRow<'a> {
    meters: Vec<String>,
    #[serde(default)]
    discount_percent: Option<&'a str>,
    #[serde(default)]
    unit_price: Option<&'a str>,
}

/// Volume tiers as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TiersRow<'a> {
    name: &'a str,
    meters: Vec<String>,
    from: &'a str,
    to: &'a str,
    #[serde(borrow)]
    tiers: Vec<TierRow<'a>>,
    #[serde(default, rename = "note")]
    _note: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TierRow<'a> {
    above: &'a str,
    #[serde(default)]
    discount_percent: Option<&'a str>,
    #[serde(default)]
    unit_price: Option<&'a str>,
}

/// The contract that a row stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Within<'a> {
    pub contract: &'a str,
    pub currency: Currency,
    pub number: usize,
}

impl CommitmentRow<'_> {
    /// # Errors
    /// `price::commitment`, `price::pattern`, `price::number`, `price::instant`.
    pub fn read(self, within: Within<'_>) -> Result<Commitment, Fault> {
        self.fields_of_kind()?;
        let period = term(self.from, self.to)?;
        let kind = self.bought()?;
        let payments = self.payments.read()?;
        let commitment = Commitment {
            name: name(self.name)?,
            source: Arc::from(format!("{}#commitments.{}", within.contract, within.number)),
            cloud: self.cloud,
            currency: within.currency,
            period,
            cost_centre: self.cost_centre.to_owned(),
            payments: match &kind {
                CommitmentKind::SavingsPlan { per_hour_nano, .. } if payments == Payments::default() => {
                    Payments {
                        hourly: Decimal::new(*per_hour_nano, NANO_PLACES).normalize(),
                        ..payments
                    }
                }
                _ => payments,
            },
            kind,
        };
        is_paid(&commitment)?;
        Ok(commitment)
    }

    /// Fields of another kind are errors: they would be promises that nobody keeps.
    fn fields_of_kind(&self) -> Result<(), Fault> {
        let kind = self.kind;
        for (field, given, of) in [
            (
                "meters",
                !self.meters.is_empty(),
                &[Kind::Prepaid, Kind::Reservation][..],
            ),
            ("units", self.units.is_some(), &[Kind::Prepaid]),
            ("quantity", self.quantity.is_some(), &[Kind::Reservation]),
            ("per_hour", self.per_hour.is_some(), &[Kind::SavingsPlan]),
            ("prices", !self.prices.is_empty(), &[Kind::SavingsPlan]),
        ] {
            match (given, of.contains(&kind)) {
                (true, false) => return Err(wrong(format!("`{field}` is no field of {}", kind.described()))),
                (false, true) => return Err(wrong(format!("{} needs `{field}`", kind.described()))),
                _ => {}
            }
        }
        match (self.drawn_at.is_some(), kind == Kind::Prepaid) {
            (true, false) => Err(wrong(format!("`drawn_at` is no field of {}", kind.described()))),
            _ => Ok(()),
        }
    }

    fn bought(&self) -> Result<CommitmentKind, Fault> {
        Ok(match self.kind {
            Kind::Prepaid => CommitmentKind::Prepaid {
                meters: self.meters_alone()?,
                units_nano: positive("units", self.units)?,
                drawn_at: match self.drawn_at {
                    Some(Drawn::ContractedPrice) => DrawnAt::Contracted,
                    Some(Drawn::ListPrice) | None => DrawnAt::List,
                },
            },
            Kind::Reservation => CommitmentKind::Reservation {
                meters: self.meters.iter().map(MeterRow::read).collect::<Result<_, _>>()?,
                quantity_nano: positive("quantity", self.quantity)?,
            },
            Kind::SavingsPlan => CommitmentKind::SavingsPlan {
                per_hour_nano: positive("per_hour", self.per_hour)?,
                prices: self
                    .prices
                    .iter()
                    .map(PlanPriceRow::read)
                    .collect::<Result<_, _>>()?,
            },
        })
    }

    fn meters_alone(&self) -> Result<Vec<MeterPattern>, Fault> {
        let read = |row: &MeterRow| match row.read()? {
            (pattern, ratio) if ratio == Decimal::ONE => Ok(pattern),
            (pattern, _) => Err(wrong(format!(
                "`{pattern}` has a `ratio`, which only a reservation knows"
            ))),
        };
        self.meters.iter().map(read).collect()
    }
}

impl Kind {
    fn described(self) -> &'static str {
        match self {
            Kind::Prepaid => "a commitment of kind `prepaid`",
            Kind::Reservation => "a commitment of kind `reservation`",
            Kind::SavingsPlan => "a commitment of kind `savings_plan`",
        }
    }
}

impl MeterRow {
    fn read(&self) -> Result<(MeterPattern, Decimal), Fault> {
        let (text, ratio) = match self {
            MeterRow::Meter(text) => (text, Decimal::ONE),
            MeterRow::Ratio(row) => (&row.meter, decimal(&row.ratio)?),
        };
        if ratio <= Decimal::ZERO {
            return Err((
                "price::number",
                format!("the ratio `{ratio}` of `{text}` is not above 0"),
            ));
        }
        let pattern = MeterPattern::new(text).map_err(|e| ("price::pattern", e.to_string()))?;
        Ok((pattern, ratio))
    }
}

impl PlanPriceRow<'_> {
    fn read(&self) -> Result<(Vec<MeterPattern>, Agreed), Fault> {
        Ok((
            patterns(&self.meters)?,
            agreed(self.discount_percent, self.unit_price)?,
        ))
    }
}

impl PaymentsRow<'_> {
    fn read(&self) -> Result<Payments, Fault> {
        let amount = |text: Option<&str>| {
            let amount = text.map_or(Ok(Decimal::ZERO), decimal)?;
            if amount.is_sign_negative() && !amount.is_zero() {
                return Err(("price::number", format!("the payment `{amount}` is negative")));
            }
            Ok(amount)
        };
        Ok(Payments {
            upfront: amount(self.upfront)?,
            monthly: amount(self.monthly)?,
            hourly: amount(self.hourly)?,
        })
    }
}

impl TiersRow<'_> {
    /// # Errors
    /// `price::commitment`, `price::pattern`, `price::number`, `price::instant`.
    pub fn read(self, within: Within<'_>) -> Result<VolumeTiers, Fault> {
        let mut tiers = Vec::with_capacity(self.tiers.len());
        for row in &self.tiers {
            let tier = Tier {
                above_nano: positive("above", Some(row.above))?,
                agreed: agreed(row.discount_percent, row.unit_price)?,
            };
            if tiers
                .last()
                .is_some_and(|last: &Tier| last.above_nano >= tier.above_nano)
            {
                return Err(wrong(format!(
                    "the tier above {} does not lie above the one before it",
                    row.above
                )));
            }
            tiers.push(tier);
        }
        if tiers.is_empty() {
            return Err(wrong("`tiers` names none".to_owned()));
        }
        Ok(VolumeTiers {
            name: name(self.name)?,
            source: Arc::from(format!("{}#volume_tiers.{}", within.contract, within.number)),
            currency: within.currency,
            meters: patterns(&self.meters)?,
            period: term(self.from, self.to)?,
            tiers,
        })
    }
}

/// A commitment is paid for, and a savings plan with what it promises for each hour.
fn is_paid(commitment: &Commitment) -> Result<(), Fault> {
    let inexact = |e: crate::model::exact::Inexact| ("price::number", e.to_string());
    let total = commitment.payments.total(&commitment.period).map_err(inexact)?;
    if total.is_zero() {
        return Err(wrong(
            "`payments` are none; expected `upfront`, `monthly` or `hourly`".to_owned(),
        ));
    }
    let CommitmentKind::SavingsPlan { per_hour_nano, .. } = commitment.kind else {
        return Ok(());
    };
    let hours = Decimal::from(commitment.period.seconds().div_euclid(SECONDS_PER_HOUR));
    let promised = multiply(Decimal::new(per_hour_nano, NANO_PLACES), hours).map_err(inexact)?;
    if total == promised {
        return Ok(());
    }
    let (total, promised) = (total.normalize(), promised.normalize());
    Err(wrong(format!(
        "the payments come to {total}, `per_hour` over the term to {promised}"
    )))
}

fn wrong(message: String) -> Fault {
    ("price::commitment", message)
}

fn decimal(text: &str) -> Result<Decimal, Fault> {
    parse_decimal(text).map_err(|e| ("price::number", e.to_string()))
}

/// A number above 0 with at most nine decimals, in 10^-9.
fn positive(field: &str, text: Option<&str>) -> Result<i64, Fault> {
    let text = text.unwrap_or_default();
    let number = decimal(text)?.normalize();
    let nano = match number.scale() <= NANO_PLACES {
        true => multiply(number, Decimal::from(crate::model::exact::NANO)).ok(),
        false => None,
    };
    let nano = nano.and_then(|nano| {
        i64::try_from(nano.normalize().mantissa())
            .ok()
            .filter(|_| nano.normalize().scale() == 0)
    });
    nano.filter(|nano| *nano > 0).ok_or_else(|| {
        let message = format!("`{field}` is `{text}`; expected a number above 0 with at most 9 decimals");
        ("price::number", message)
    })
}

fn name(text: &str) -> Result<Arc<str>, Fault> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(fine) {
        return Ok(Arc::from(text));
    }
    Err(wrong(format!(
        "`{text}` is no name; expected lower case letters, digits, `-` and `_`"
    )))
}

/// A term of whole UTC days.
fn term(from: &str, to: &str) -> Result<Period, Fault> {
    let (start, end) = (instant(Some(from))?, instant(Some(to))?);
    let midnight = |at: &Instant| at.timestamp().rem_euclid(SECONDS_PER_DAY) == 0;
    match start.zip(end) {
        Some((start, end)) if midnight(&start) && midnight(&end) => Period::new(start, end),
        _ => {
            return Err((
                "price::instant",
                format!("{from} to {to}: expected whole UTC days"),
            ));
        }
    }
    .ok_or_else(|| {
        (
            "price::instant",
            format!("it ends at {to}, not after its start {from}"),
        )
    })
}
