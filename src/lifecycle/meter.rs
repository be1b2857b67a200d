//! The meter: what has run becomes usage, one per stretch of one meter on one instance for one subject.
//!
//! A machine's own meters (VM, disks, address) run from launch until it is gone; the DBU meter runs while the
//! machine's cluster is RUNNING. A stretch ends where the subject changes, and the next one starts there.

use rust_decimal::Decimal;
use std::sync::Arc;

use crate::model::exact::{Inexact, add};
use crate::model::meter::{Meter, MeterRate};
use crate::model::period::{Instant, Period};
use crate::model::usage::{Subject, Usage};

/// A meter that may run on many instances, with how fast it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rate {
    meter: Arc<Meter>,
    per_hour: Option<Decimal>,
}

/// The meters of one node, each once: two disks of one size are one meter that runs at twice the rate.
/// So instance, meter and start identify a usage.
pub(super) fn rates<'a>(meters: impl IntoIterator<Item = &'a MeterRate>) -> Result<Arc<[Rate]>, Inexact> {
    let mut rates: Vec<Rate> = Vec::new();
    for MeterRate { meter, per_hour } in meters {
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
            }),
        }
    }
    Ok(rates.into())
}

/// All usage so far.
#[derive(Debug, Default)]
pub(super) struct Meters {
    usage: Vec<Usage>,
}

impl Meters {
    /// Notes a stretch of every given meter. A stretch without length is none.
    pub fn note(
        &mut self,
        resource: &str,
        subject: &Arc<Subject>,
        rates: &[Rate],
        start: Instant,
        end: Instant,
    ) {
        let Some(period) = Period::new(start, end) else {
            return;
        };
        self.usage.extend(rates.iter().map(|rate| Usage {
            resource: resource.to_owned(),
            subject: Arc::clone(subject),
            meter: Arc::clone(&rate.meter),
            per_hour: rate.per_hour,
            period,
            since: start,
        }));
    }

    /// The usage by start, then subject, instance and meter.
    pub fn sorted(mut self) -> Vec<Usage> {
        self.usage.sort_by(|a, b| {
            let by_subject = || a.subject.cmp(&b.subject);
            let by_resource = || (&a.resource, &a.meter).cmp(&(&b.resource, &b.meter));
            a.period
                .start
                .cmp(&b.period.start)
                .then_with(by_subject)
                .then_with(by_resource)
        });
        self.usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_meters_of_a_node_are_one_that_runs_faster() {
        let disk = |per_hour| MeterRate {
            meter: "disk/AZURE/westus2/E6".parse().unwrap(),
            per_hour,
        };
        let one = Some(Decimal::ONE);
        let two = rates(&[disk(one), disk(one)]).unwrap();
        assert_eq!((two.len(), two[0].per_hour), (1, Some(Decimal::TWO)));
        assert_eq!(rates(&[disk(one), disk(None)]).unwrap()[0].per_hour, None);
    }
}
