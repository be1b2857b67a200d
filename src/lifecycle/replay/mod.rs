//! Replay: the events of one real cluster become its lives and what it used.
//!
//! In come the events of one cluster in any order, what its definitions say, and what a node of a definition is billed
//! for; out go usage, lives and faults. No file, no clock, no price. Events tell states, so the same events in another
//! order, or told twice, are the same usage.
//!
//! What is billed when (the published behaviour of Databricks Labs' Overwatch, and the documented meaning of the events):
//!
//! | what | from | until |
//! |---|---|---|
//! | machines of the driver and of the workers aimed at | CREATING, STARTING | TERMINATING, and the stated seconds after it |
//! | DBUs of the driver and of the workers there are | RUNNING | RESTARTING, TERMINATING |
//! | machines of added workers | RESIZING | a downsize, NODES_LOST, the end |
//! | DBUs of added workers | UPSIZE_COMPLETED, or whatever event first tells more workers | as their machines |
//! | machines and DBUs of removed workers | | the RESIZING that removes them: no event tells when they are gone |
//! | lost workers | | NODES_LOST; a RESIZING that asks for them brings machines back |
//! | a new definition (EDITED) | the next STARTING or RESTARTING | |
//! | DBUs under another SKU | a change of the workspace's tier | |
//!
//! RESIZING stays billable. How many workers: `target_num_workers`, else `current_num_workers`, else
//! `cluster_size.num_workers`, else `cluster_size.autoscale.min_workers`; a start that tells none has the size asked for
//! last, an autoscaling one its minimum.
//!
//! What histories lack, and what is done about it ([`fault::Fault`] tells each time it is):
//!
//! | fault | done |
//! |---|---|
//! | exact duplicates | ignored |
//! | out of order | sorted by second; within a second by millisecond, then [`told::priority`], then text |
//! | late events after TERMINATING (EXPANDED_DISK and NODES_LOST are seen there in the wild) | ignored |
//! | no start | the first event known is the start; RUNNING and RESTARTING open a life even after a TERMINATING |
//! | no RUNNING before an event that only a running cluster has | that event is taken for it, unless a RUNNING follows |
//! | no TERMINATING before the next start | the last certain event of the life is its end: Overwatch puts its imputed TERMINATING there too |
//! | no end | billed to the last midnight before the stated cut; without a cut the life is not billed |
//! | no size | the first one told later in the life; where none is, workers are unpriced usage of unknown number |
//! | no node type | unpriced usage |
//!
//! A life without an end is billed in whole days only, so that what later events add to it is new facts and no change of
//! told ones.

mod bill;
pub mod fault;
mod life;
mod lives;
#[cfg(test)]
mod tests;
pub mod told;

use std::sync::Arc;

pub use fault::{Fault, Found};
pub use told::{Definition, Told};

use super::state::IllegalTransition;
use crate::databricks::cluster_spec::NodeSlot;
use crate::model::exact::Inexact;
use crate::model::meter::NodeMeters;
use crate::model::period::{Instant, SECONDS_PER_DAY, from_unix};
use crate::model::usage::Usage;
use bill::Bill;

/// What a node of a definition is billed for, at the rates in force at an instant.
pub type NodeBill<'a> = dyn Fn(&Definition, &NodeSlot<'_>, Instant) -> NodeMeters + 'a;

/// What to replay.
pub struct Replay<'a> {
    /// The cluster: the first part of the names of its resources.
    pub cluster_id: &'a str,
    /// All that is known to have happened to it, in any order.
    pub events: &'a [Told],
    /// Its definition where events tell none.
    pub known: Arc<Definition>,
    /// Up to when lives without an end are known to have lasted.
    pub cut: Option<Instant>,
    /// Seconds from TERMINATING until the machines are gone.
    pub termination_seconds: u32,
    /// Instants from which DBUs are billed otherwise: the tier of the workspace changes. In order of time.
    pub tier_changes: &'a [Instant],
    /// What nodes are billed for.
    pub bill: &'a NodeBill<'a>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replayed {
    /// What was used: whole stretches, split only where something billed changes. Resources are `ID/driver`,
    /// `ID/worker-1` and so on.
    pub usage: Vec<Usage>,
    /// What the history lacks and what was done about it, in order of time.
    pub faults: Vec<Found>,
    /// The lives, in order of time.
    pub lives: Vec<Life>,
    /// Machines that are billed for longer than they lived, by the increments of their meters.
    pub rounded: u64,
}

/// From a start to the end that follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// CREATING or STARTING, or the first event known.
    pub started: Instant,
    /// The first time it was RUNNING.
    pub running: Option<Instant>,
    /// How it ended.
    pub end: End,
    /// Billed up to here; none where nothing of it is.
    pub billed_until: Option<Instant>,
}

/// How a life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// A TERMINATING was told.
    Told(Instant),
    /// None was, and another start was: the last certain event before it.
    Imputed(Instant),
    /// It goes on, as far as is told.
    Open,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// A rate cannot be held exactly.
    #[error(transparent)]
    Inexact(#[from] Inexact),
    /// More than one cluster can have used.
    #[error("its events come to more than {limit} {what}; no cluster is billed for that")]
    TooMuch {
        /// Most there may be.
        limit: u64,
        /// Of what.
        what: &'static str,
    },
    /// Something happened that cannot happen in the state it was in: a fault of this program.
    #[error(transparent)]
    IllegalTransition(#[from] IllegalTransition),
}

/// Replays the events of one cluster.
///
/// # Errors
/// [`ReplayError`]. What is wrong with a history is no error but a fault.
pub fn replay(asked: &Replay<'_>) -> Result<Replayed, ReplayError> {
    let mut faults = Vec::new();
    let events = told::in_order(asked.events, &mut faults);
    let found = lives::lives(&events, &mut faults);
    let mut bill = Bill::new(asked);
    let mut definitions = life::Definitions::new(asked, &events);
    let mut lives = Vec::with_capacity(found.len());
    let starts: Vec<Instant> = found.iter().skip(1).map(|l| l.started).collect();
    for (i, one) in found.iter().enumerate() {
        let next = starts.get(i).copied();
        lives.push(life::live(one, next, &mut definitions, &mut bill, &mut faults)?);
    }
    let rounded = bill.rounded;
    let mut usage = bill.usage;
    usage.sort_by(|a, b| {
        let by_resource = || (&a.resource, &a.meter).cmp(&(&b.resource, &b.meter));
        let by_subject = || a.subject.cmp(&b.subject);
        a.period
            .start
            .cmp(&b.period.start)
            .then_with(by_subject)
            .then_with(by_resource)
    });
    faults.sort_by_key(|f| asked.events.get(f.event).map(|e| (e.at, f.event)));
    Ok(Replayed {
        usage,
        faults,
        lives,
        rounded,
    })
}

/// Whether the last life has no end, as far as is told.
pub fn goes_on(events: &[Told]) -> bool {
    let mut faults = Vec::new();
    let events = told::in_order(events, &mut faults);
    let lives = lives::lives(&events, &mut faults);
    lives.last().is_some_and(|life| life.end == End::Open)
}

/// The last UTC midnight that is not after the instant.
pub fn midnight_before(at: Instant) -> Instant {
    let day = at.timestamp().div_euclid(SECONDS_PER_DAY);
    from_unix(day.saturating_mul(SECONDS_PER_DAY))
}
