//! Rating: a usage and the prices in force become charges, or unpriced usage where no price is known.
//!
//! The usage's period is cut at every UTC midnight and wherever the price changes. What a piece measures and
//! costs is the *difference of two running totals* that began at `usage.since`, rounded half-even to 10^-9 when
//! read. So however a stretch is split (an event, a report, a restart of the importer), its pieces add up to
//! the last digit to what the unsplit stretch amounts to.
//!
//! Where part of a stretch has no price, the running cost starts anew after that gap: money before it and money
//! after it are then two sums, and pricing the gap later does not move what was billed after it by a rounding.
//! The running quantity knows no gap: a DBU was used, priced or not.
//!
//! Deliberately absent: where prices come from, and any notion of "now".
#![deny(clippy::arithmetic_side_effects)]

mod metered;
mod sum;

pub use metered::rate_metered;
pub use sum::{ExactSum, PriceSteps};

use rust_decimal::Decimal;
use std::sync::Arc;

use crate::model::charge::{Charge, Price, PriceInForce, Unpriced, UnpricedReason};
use crate::model::exact::{HourlyRate, Inexact, RunningTotal, multiply};
use crate::model::period::{Instant, Period, rfc3339};
use crate::model::usage::Usage;

/// One piece of a rated usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rated {
    /// It has a price.
    Charge(Charge),
    /// It has none.
    Unpriced(Unpriced),
}

impl Rated {
    /// When it was used, inside one UTC day.
    pub fn period(&self) -> Period {
        match self {
            Rated::Charge(charge) => charge.period,
            Rated::Unpriced(unpriced) => unpriced.period,
        }
    }
}

/// Why a usage could not be rated. A missing price is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// Billing counts whole seconds.
    #[error("`{resource}`: usage is billed in whole seconds, but {what} is {at:?}")]
    NotWholeSeconds {
        /// The resource used.
        resource: String,
        /// Which instant.
        what: &'static str,
        /// Its value.
        at: Instant,
    },
    /// The period ends before or as it starts.
    #[error("`{resource}`: a usage ends after it starts, but this one is {period}")]
    Empty {
        /// The resource used.
        resource: String,
        /// The period given.
        period: Period,
    },
    /// The stretch starts after the period.
    #[error("`{resource}`: the stretch starts at {}, after the usage's start {}", rfc3339(*since), rfc3339(*start))]
    SinceAfterStart {
        /// The resource used.
        resource: String,
        /// Start of the stretch.
        since: Instant,
        /// Start of the usage.
        start: Instant,
    },
    /// The prices do not cover the stretch in order and without gaps.
    #[error("`{resource}`: prices must cover {needed} without gaps, but {} is followed by {}", rfc3339(*covered), match found { Some(at) => rfc3339(*at), None => "nothing".to_owned() })]
    Uncovered {
        /// The resource used.
        resource: String,
        /// What must be covered: from the start of the stretch to the end of the usage.
        needed: Period,
        /// The instant up to which the prices reach.
        covered: Instant,
        /// Where the next price starts; none at the end of the prices.
        found: Option<Instant>,
    },
    /// The amount cannot be held exactly.
    #[error("`{resource}`, meter `{meter}`: {source}")]
    Inexact {
        /// The resource used.
        resource: String,
        /// The meter.
        meter: String,
        /// What would be lost.
        source: Inexact,
    },
}

/// Rates a usage: one [`Rated`] per piece, in order of time, covering `usage.period` without gap or overlap.
///
/// `prices` cover `[usage.since, usage.period.end)` in order and without gaps; they may reach further. A part
/// whose price is none becomes [`UnpricedReason::NoPrice`]; a usage without a rate becomes
/// [`UnpricedReason::NoRate`], cut at midnights only.
///
/// # Errors
/// [`RateError`] for instants with fractions of a second, an empty period, prices with gaps, and amounts too
/// large or too fine to be exact.
pub fn rate(usage: &Usage, prices: &[PriceInForce]) -> Result<Vec<Rated>, RateError> {
    let mut rated = Vec::new();
    rate_into(usage, prices, &mut rated)?;
    Ok(rated)
}

/// Rates a usage as [`rate`] does and adds its pieces to others. On an error some may have been added.
///
/// # Errors
/// As [`rate`].
pub fn rate_into(usage: &Usage, prices: &[PriceInForce], rated: &mut Vec<Rated>) -> Result<(), RateError> {
    check_instants(usage)?;
    let segments = segments(usage, prices)?;
    let resource: Arc<str> = Arc::from(usage.resource.as_str());
    let Some(per_hour) = usage.per_hour else {
        let pieces = usage.period.days();
        rated.extend(pieces.map(|piece| unpriced(usage, &resource, piece, UnpricedReason::NoRate)));
        return Ok(());
    };
    let mut run = Run::new(usage, resource, per_hour, rated)?;
    for segment in &segments {
        run.through(segment)?;
    }
    Ok(())
}

/// A stretch of one price.
struct Segment<'a> {
    period: Period,
    price: Option<&'a Price>,
}

fn check_instants(usage: &Usage) -> Result<(), RateError> {
    let resource = || usage.resource.clone();
    let (start, end, since) = (usage.period.start, usage.period.end, usage.since);
    for (what, at) in [("`since`", since), ("the start", start), ("the end", end)] {
        if at.timestamp_subsec_nanos() != 0 {
            return Err(RateError::NotWholeSeconds {
                resource: resource(),
                what,
                at,
            });
        }
    }
    if start >= end {
        return Err(RateError::Empty {
            resource: resource(),
            period: usage.period,
        });
    }
    if since > start {
        return Err(RateError::SinceAfterStart {
            resource: resource(),
            since,
            start,
        });
    }
    Ok(())
}

/// The prices cut down to the stretch; neighbours of one price are one segment.
fn segments<'a>(usage: &Usage, prices: &'a [PriceInForce]) -> Result<Vec<Segment<'a>>, RateError> {
    let needed = Period {
        start: usage.since,
        end: usage.period.end,
    };
    let uncovered = |covered, found| RateError::Uncovered {
        resource: usage.resource.clone(),
        needed,
        covered,
        found,
    };
    let mut covered = needed.start;
    let mut segments: Vec<Segment<'a>> = Vec::with_capacity(prices.len());
    for in_force in prices {
        let Some(period) = in_force.period.intersection(&needed) else {
            continue;
        };
        if period.start != covered {
            return Err(uncovered(covered, Some(period.start)));
        }
        covered = period.end;
        match segments.last_mut() {
            Some(last) if last.price == in_force.price.as_ref() => last.period.end = period.end,
            _ => segments.push(Segment {
                period,
                price: in_force.price.as_ref(),
            }),
        }
    }
    if covered == needed.end {
        Ok(segments)
    } else {
        Err(uncovered(covered, None))
    }
}

fn unpriced(usage: &Usage, resource: &Arc<str>, period: Period, reason: UnpricedReason) -> Rated {
    Rated::Unpriced(Unpriced {
        resource: Arc::clone(resource),
        subject: Arc::clone(&usage.subject),
        meter: Arc::clone(&usage.meter),
        period,
        since: usage.since,
        per_hour: usage.per_hour,
        reason,
    })
}

/// A stretch being run through, segment by segment.
struct Run<'a> {
    usage: &'a Usage,
    resource: Arc<str>,
    per_hour: Decimal,
    rate: HourlyRate,
    quantity: RunningTotal,
    cost: RunningTotal,
    rated: &'a mut Vec<Rated>,
}

impl<'a> Run<'a> {
    fn new(
        usage: &'a Usage,
        resource: Arc<str>,
        per_hour: Decimal,
        rated: &'a mut Vec<Rated>,
    ) -> Result<Run<'a>, RateError> {
        Ok(Run {
            usage,
            resource,
            per_hour,
            rate: HourlyRate::new(per_hour).map_err(|source| inexact(usage, source))?,
            quantity: RunningTotal::default(),
            cost: RunningTotal::default(),
            rated,
        })
    }

    /// Runs the totals up to the asked period, then piece by piece through it.
    fn through(&mut self, segment: &Segment<'_>) -> Result<(), RateError> {
        let usage = self.usage;
        let cost_rate = match segment.price {
            Some(price) => self.cost_rate(price)?,
            None => {
                self.cost = RunningTotal::default();
                HourlyRate::default()
            }
        };
        let before = Period::new(segment.period.start, segment.period.end.min(usage.period.start));
        if let Some(before) = before {
            self.advance(cost_rate, before.seconds())?;
        }
        let Some(asked) = segment.period.intersection(&usage.period) else {
            return Ok(());
        };
        for piece in asked.days() {
            let (quantity_nano, cost_nano) = self.advance(cost_rate, piece.seconds())?;
            self.rated.push(match segment.price {
                Some(price) => Rated::Charge(self.charge(piece, price, quantity_nano, cost_nano)),
                None => unpriced(usage, &self.resource, piece, UnpricedReason::NoPrice),
            });
        }
        Ok(())
    }

    fn cost_rate(&self, price: &Price) -> Result<HourlyRate, RateError> {
        multiply(self.per_hour, price.unit_price.0)
            .and_then(HourlyRate::new)
            .map_err(|source| inexact(self.usage, source))
    }

    /// Lets both totals run; what they grew by, in nanos.
    fn advance(&mut self, cost_rate: HourlyRate, seconds: i64) -> Result<(i64, i64), RateError> {
        let quantity = grow(&mut self.quantity, self.rate, seconds);
        let cost = grow(&mut self.cost, cost_rate, seconds);
        match (quantity, cost) {
            (Ok(quantity), Ok(cost)) => Ok((quantity, cost)),
            (Err(source), _) | (_, Err(source)) => Err(inexact(self.usage, source)),
        }
    }

    fn charge(&self, period: Period, price: &Price, quantity_nano: i64, cost_nano: i64) -> Charge {
        Charge {
            resource: Arc::clone(&self.resource),
            subject: Arc::clone(&self.usage.subject),
            meter: Arc::clone(&self.usage.meter),
            period,
            since: self.usage.since,
            quantity_nano,
            price: price.clone(),
            cost_nano,
        }
    }
}

/// Lets a total run and tells the difference in nanos.
fn grow(total: &mut RunningTotal, rate: HourlyRate, seconds: i64) -> Result<i64, Inexact> {
    let before = total.nano()?;
    total.run(rate, seconds)?;
    total.nano()?.checked_sub(before).ok_or_else(|| Inexact {
        what: "the difference of two running totals".to_owned(),
        why: "it overflows",
    })
}

fn inexact(usage: &Usage, source: Inexact) -> RateError {
    RateError::Inexact {
        resource: usage.resource.clone(),
        meter: usage.meter.to_string(),
        source,
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
