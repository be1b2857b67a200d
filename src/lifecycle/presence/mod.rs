//! Presence: the minutes in which instances were seen in clusters become the lives of machines.
//!
//! In come minutes in any order; out go stretches, one machine in one cluster each, from its first minute to its last, and what is
//! odd about them. No file, no clock, no price. The same minutes in another order, or told twice, are the same stretches.
//!
//! | what | done |
//! |---|---|
//! | a machine in one cluster | one stretch from its first minute to its last; minutes that lack in between are a [`Fault::Gap`], and billed: the machine was there before and after |
//! | a machine in two clusters at once | it is in the one that it came to last; [`Fault::Overlap`] |
//! | a machine between two clusters | it waits in its pool, in no cluster: nobody gives a machine back and gets the same one |
//! | two node types of one machine | nothing of it is billed; [`Fault::NodeTypes`] |
//! | more than 90 days without a minute | nothing of it is billed; [`Fault::Torn`]: the table does not reach that far back |
//! | a machine that is still there when the table ends | billed to its last minute, or to where [`until`] says |

pub mod spans;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::period::{Instant, Period, SECONDS_PER_DAY, from_unix};
pub use spans::{Added, Spans};

/// Seconds before the table's end within which a machine that was seen is taken to be still there: five minutes, since rows of some
/// nodes come later than those of others.
pub const ALIVE_SECONDS: i64 = 300;
/// Longest time without a minute. The table keeps 90 days.
pub const LONGEST_GAP: i64 = 90 * SECONDS_PER_DAY;

/// A machine in a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stay {
    /// When it was seen there.
    pub seen: Spans,
    /// A row says that it is the driver.
    pub is_driver: bool,
}

/// A machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instance {
    /// Every node type that is told of it; one where nothing is wrong.
    pub node_types: BTreeSet<Arc<str>>,
    /// Where it was, by `cluster_id`.
    pub stays: BTreeMap<Arc<str>, Stay>,
}

/// A part of a machine's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// When.
    pub period: Period,
    /// The cluster it is in; none while it waits in a pool.
    pub cluster_id: Option<Arc<str>>,
    /// It is the driver there.
    pub is_driver: bool,
    /// The cluster it was in before: while it waits, that one's pool is where.
    pub came_from: Arc<str>,
}

/// Something that is odd about a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Minutes lack.
    Gap {
        /// The cluster.
        cluster_id: Arc<str>,
        /// Which.
        period: Period,
    },
    /// It was seen in two clusters at once.
    Overlap {
        /// The clusters.
        clusters: [Arc<str>; 2],
        /// When.
        period: Period,
    },
    /// Rows tell several node types.
    NodeTypes(Vec<Arc<str>>),
    /// Nothing is told for longer than the table reaches back.
    Torn(Period),
}

impl Fault {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Fault::Gap { .. } => "node::gap",
            Fault::Overlap { .. } => "node::overlap",
            Fault::NodeTypes(_) => "node::types",
            Fault::Torn(_) => "node::torn",
        }
    }

    /// Whether nothing of the machine is billed.
    pub fn refuses(&self) -> bool {
        matches!(self, Fault::NodeTypes(_) | Fault::Torn(_))
    }

    /// What was found and what was done.
    pub fn message(&self) -> String {
        match self {
            Fault::Gap { cluster_id, period } => {
                format!("not seen in `{cluster_id}` during {period}; billed: it was there before and after")
            }
            Fault::Overlap {
                clusters: [one, other],
                period,
            } => {
                format!(
                    "in `{one}` and in `{other}` during {period}; billed once, in the cluster that it came to last"
                )
            }
            Fault::NodeTypes(types) => {
                let types: Vec<String> = types.iter().map(|t| format!("`{t}`")).collect();
                format!("told as {}; nothing of it is billed", types.join(" and as "))
            }
            Fault::Torn(period) => {
                format!(
                    "not seen during {period}, longer than the table reaches back; nothing of it is billed"
                )
            }
        }
    }
}

impl Instance {
    /// Adds a time in which it was seen.
    pub fn see(
        &mut self,
        cluster_id: &Arc<str>,
        node_type: &Arc<str>,
        is_driver: bool,
        period: Period,
    ) -> Added {
        if !self.node_types.contains(node_type) {
            self.node_types.insert(Arc::clone(node_type));
        }
        let stay = match self.stays.get_mut(cluster_id) {
            Some(known) => known,
            None => self.stays.entry(Arc::clone(cluster_id)).or_default(),
        };
        stay.is_driver |= is_driver;
        stay.seen.add(period.start.timestamp(), period.end.timestamp())
    }

    /// First second, and first second after the last.
    pub fn extent(&self) -> Option<(i64, i64)> {
        let start = self.stays.values().filter_map(|stay| stay.seen.start()).min()?;
        let end = self.stays.values().filter_map(|stay| stay.seen.end()).max()?;
        Some((start, end))
    }

    /// Its life until an instant, in order and without gaps, and what is odd about it.
    pub fn life(&self, until: i64) -> (Vec<Part>, Vec<Fault>) {
        let mut faults = self.faults();
        if faults.iter().any(Fault::refuses) {
            faults.retain(Fault::refuses);
            return (Vec::new(), faults);
        }
        let mut stays: Vec<(i64, i64, &Arc<str>, bool)> = self
            .stays
            .iter()
            .filter_map(|(id, stay)| Some((stay.seen.start()?, stay.seen.end()?, id, stay.is_driver)))
            .collect();
        // The last one in order goes on until the end asked for, unless that is before.
        if let Some(last) = stays
            .iter_mut()
            .max_by_key(|(start, end, id, _)| (*end, *start, *id))
        {
            last.1 = last.1.max(until);
        }
        let mut cuts: BTreeSet<i64> = stays.iter().flat_map(|(start, end, ..)| [*start, *end]).collect();
        cuts.insert(until);
        let cuts: Vec<i64> = cuts.into_iter().filter(|at| *at <= until).collect();
        let mut parts: Vec<Part> = Vec::new();
        for (start, end) in cuts.iter().zip(cuts.iter().skip(1)) {
            let mut here: Vec<_> = stays.iter().filter(|(s, e, ..)| s <= start && end <= e).collect();
            here.sort_by_key(|(s, _, id, _)| (*s, *id));
            let Some(period) = Period::new(from_unix(*start), from_unix(*end)) else {
                continue;
            };
            if let [.., (_, _, one, _), (_, _, other, _)] = here.as_slice() {
                let clusters = [Arc::clone(one), Arc::clone(other)];
                faults.push(Fault::Overlap { clusters, period });
            }
            let part = match here.last() {
                Some((_, _, id, is_driver)) => Part {
                    period,
                    cluster_id: Some(Arc::clone(id)),
                    is_driver: *is_driver,
                    came_from: Arc::clone(id),
                },
                None => match parts.last() {
                    Some(before) => Part {
                        period,
                        cluster_id: None,
                        is_driver: false,
                        came_from: Arc::clone(&before.came_from),
                    },
                    None => continue,
                },
            };
            match parts.last_mut() {
                Some(last) if last.cluster_id == part.cluster_id && last.period.end == period.start => {
                    last.period.end = period.end;
                }
                _ => parts.push(part),
            }
        }
        (parts, faults)
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.node_types.len() > 1 {
            faults.push(Fault::NodeTypes(self.node_types.iter().cloned().collect()));
        }
        let mut everywhere = Spans::default();
        for (start, end) in self.stays.values().flat_map(|stay| stay.seen.iter()) {
            everywhere.add(start, end);
        }
        let period = |(start, end): (i64, i64)| Period::new(from_unix(start), from_unix(end));
        let torn = everywhere
            .gaps()
            .filter(|(start, end)| end.saturating_sub(*start) > LONGEST_GAP);
        faults.extend(torn.filter_map(period).map(Fault::Torn));
        for (cluster_id, stay) in &self.stays {
            let gaps = stay.seen.gaps().filter_map(period);
            faults.extend(gaps.map(|period| Fault::Gap {
                cluster_id: Arc::clone(cluster_id),
                period,
            }));
        }
        faults
    }
}

/// Whether a machine that was seen until `last` is still there, as far as a table tells that ends at `table_end`.
pub fn is_there(last: i64, table_end: i64) -> bool {
    table_end.saturating_sub(last) <= ALIVE_SECONDS
}

/// Up to when a machine is billed that was seen until `last`, of a table that ends at `table_end`, where it is known of machines
/// that are still there that they lived until `lived_until`: to the last midnight before that, so that what is said without a row is
/// said in whole days. Where the table reaches that instant, its rows tell every end themselves.
pub fn until(last: i64, table_end: i64, lived_until: Option<Instant>) -> i64 {
    match lived_until.map(|at| at.timestamp()) {
        Some(lived) if lived > table_end && is_there(last, table_end) => {
            let midnight = lived.div_euclid(SECONDS_PER_DAY).saturating_mul(SECONDS_PER_DAY);
            midnight.max(last)
        }
        _ => last,
    }
}

#[cfg(test)]
mod tests;
