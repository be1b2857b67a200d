//! The meter: what has run becomes usage, one per stretch of one meter on one resource for one subject.
//!
//! A machine's own meters (VM, disks, address) run from launch until it is gone; the DBU meter runs while the machine
//! is a node of a cluster that is RUNNING or RESIZING. A stretch ends where the subject changes, and the next one
//! starts there. The last stretch of a machine is as long as its cloud bills by its increments. Simulated lives and replayed ones are billed by this meter alike.

use rust_decimal::Decimal;
use std::sync::Arc;

use crate::model::exact::{Inexact, add};
use crate::model::increment::Increment;
use crate::model::meter::{Meter, MeterRate};
use crate::model::period::{Period, from_unix};
use crate::model::usage::{Subject, Usage};

/// A meter that may run on many resources, with how fast it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rate {
    pub meter: Arc<Meter>,
    pub per_hour: Option<Decimal>,
    /// How the time of one machine is rounded.
    pub increment: Increment,
}

impl Rate {
    /// The second up to which a machine is billed that was launched and is gone: whatever became of it in between, one
    /// machine is rounded once.
    pub fn billed_until(&self, launched: i64, gone: i64) -> i64 {
        launched.saturating_add(self.increment.billed(gone.saturating_sub(launched)))
    }
}

/// The meters of one node, each once: two disks of one size are one meter that runs at twice the rate.
/// So resource, meter and start identify a usage.
pub(super) fn rates<'a>(meters: impl IntoIterator<Item = &'a MeterRate>) -> Result<Arc<[Rate]>, Inexact> {
    let mut rates: Vec<Rate> = Vec::new();
    for MeterRate {
        meter,
        per_hour,
        increment,
    } in meters
    {
        match rates.iter_mut().find(|r| *r.meter == *meter) {
            Some(known) => {
                known.per_hour = match (known.per_hour, per_hour) {
                    (Some(a), Some(b)) => Some(add(a, *b)?),
                    _ => None,
                }
            }
            None => rates.push(Rate {
                meter: Arc::new(meter.clone()),
                per_hour: *per_hour,
                increment: *increment,
            }),
        }
    }
    Ok(rates.into())
}

/// The usage of one stretch, in Unix seconds: one for every meter. A stretch without length is none.
pub(super) fn stretch<'r>(
    resource: &'r str,
    subject: &'r Arc<Subject>,
    rates: &'r [Rate],
    start: i64,
    end: i64,
) -> impl Iterator<Item = Usage> + use<'r> {
    let period = Period::new(from_unix(start), from_unix(end));
    let rates = if period.is_some() { rates } else { &[] };
    rates
        .iter()
        .zip(std::iter::repeat(period))
        .filter_map(move |(rate, period)| {
            let period = period?;
            Some(Usage {
                resource: resource.to_owned(),
                subject: Arc::clone(subject),
                meter: Arc::clone(&rate.meter),
                per_hour: rate.per_hour,
                period,
                since: period.start,
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_meters_of_a_node_are_one_that_runs_faster() {
        let disk = |per_hour| MeterRate {
            meter: "disk/AZURE/westus2/E6".parse().unwrap(),
            per_hour,
            increment: Increment::PER_SECOND,
        };
        let one = Some(Decimal::ONE);
        let two = rates(&[disk(one), disk(one)]).unwrap();
        assert_eq!((two.len(), two[0].per_hour), (1, Some(Decimal::TWO)));
        assert_eq!(rates(&[disk(one), disk(None)]).unwrap()[0].per_hour, None);
    }

    #[test]
    fn a_stretch_without_length_is_none() {
        let rates = rates(&[MeterRate {
            meter: "vm/AZURE/westus2/n/on_demand".parse().unwrap(),
            per_hour: Some(Decimal::ONE),
            increment: Increment::PER_SECOND,
        }])
        .unwrap();
        let subject = Arc::new(Subject::default());
        assert_eq!(stretch("i", &subject, &rates, 5, 5).count(), 0);
        assert_eq!(stretch("i", &subject, &rates, 5, 6).count(), 1);
    }
}
