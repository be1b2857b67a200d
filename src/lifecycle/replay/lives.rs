//! Which events belong to one life, and which to none.

use super::End;
use super::fault::{Fault, Found};
use super::told::Event;
use crate::databricks::event::EventType;
use crate::model::period::Instant;

/// The events of one life.
pub(super) struct LifeEvents<'a> {
    /// Its first instant.
    pub started: Instant,
    /// Its events, the first of them first, TERMINATING left out; with them what was edited since the life before.
    pub events: Vec<Event<'a>>,
    /// Edits of the time before it, in which there was no life.
    pub edits: Vec<Event<'a>>,
    /// How it ended.
    pub end: End,
}

/// What an event says about whether the cluster is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Switch {
    /// CREATING, STARTING.
    On,
    /// TERMINATING.
    Off,
    /// RUNNING, RESTARTING: only a cluster that is on has them, and they do not come late.
    Sure,
    /// A cluster that is on has them; some come late.
    Likely,
    /// Come after the end often enough to prove nothing.
    Unsure,
    /// Happen to any cluster: EDITED, PINNED.
    Neutral,
}

fn switch(event_type: Option<EventType>) -> Switch {
    use EventType::*;
    match event_type {
        Some(Creating | Starting) => Switch::On,
        Some(Terminating) => Switch::Off,
        Some(Running | Restarting) => Switch::Sure,
        Some(
            InitScriptsStarted
            | InitScriptsFinished
            | Resizing
            | UpsizeCompleted
            | DriverHealthy
            | DriverNotResponding
            | AutoscalingStatsReport
            | SparkException
            | MetastoreDown
            | DbfsDown,
        ) => Switch::Likely,
        Some(
            Edited
            | Pinned
            | Unpinned
            | ClusterMigrated
            | AutomaticClusterUpdate
            | DeferredPolicyEnforcementScheduled
            | DeferredPolicyEnforcementFailed,
        )
        | None => Switch::Neutral,
        Some(_) => Switch::Unsure,
    }
}

/// Cuts the events, in order, into lives.
pub(super) fn lives<'a>(events: &[Event<'a>], faults: &mut Vec<Found>) -> Vec<LifeEvents<'a>> {
    let mut cutter = Cutter {
        done: Vec::new(),
        open: None,
        edits: Vec::new(),
        ended: None,
        faults,
    };
    let ends_next = ends_next(events);
    for (event, ends_next) in events.iter().zip(ends_next) {
        cutter.take(*event, ends_next);
    }
    cutter.done.extend(cutter.open.take());
    cutter.done
}

/// Of each event whether the next switch at or after it is a TERMINATING: the cluster is then on, whatever the event.
fn ends_next(events: &[Event<'_>]) -> Vec<bool> {
    let mut off = false;
    let mut all: Vec<bool> = events
        .iter()
        .rev()
        .map(|event| {
            match switch(event.told.event_type) {
                Switch::Off => off = true,
                Switch::On => off = false,
                _ => {}
            }
            off
        })
        .collect();
    all.reverse();
    all
}

struct Cutter<'a, 'f> {
    done: Vec<LifeEvents<'a>>,
    open: Option<LifeEvents<'a>>,
    edits: Vec<Event<'a>>,
    /// When the last life ended.
    ended: Option<Instant>,
    faults: &'f mut Vec<Found>,
}

impl<'a> Cutter<'a, '_> {
    fn take(&mut self, event: Event<'a>, ends_next: bool) {
        let switch = switch(event.told.event_type);
        match (switch, &mut self.open) {
            (Switch::On, Some(_)) => {
                self.impute(event);
                self.open(event);
            }
            (Switch::On, None) => self.open(event),
            (Switch::Off, Some(_)) => self.close(End::Told(event.told.at), event.told.at),
            (_, Some(open)) => open.events.push(event),
            (Switch::Off, None) => match self.ended {
                Some(ended) => self.fault(Fault::Late { ended }, event),
                None => {
                    self.fault(Fault::MissingStart { billed: false }, event);
                    self.ended = Some(event.told.at);
                }
            },
            (switch, None) => self.take_off_life(switch, event, ends_next),
        }
    }

    /// An event while the cluster is off, as far as was told.
    fn take_off_life(&mut self, switch: Switch, event: Event<'a>, ends_next: bool) {
        let opens = match (switch, self.ended) {
            (Switch::Sure, _) | (Switch::Likely, None) => true,
            (Switch::Neutral | Switch::Unsure, None) => ends_next,
            _ => false,
        };
        if opens {
            self.fault(Fault::MissingStart { billed: true }, event);
            return self.open(event);
        }
        match (switch, self.ended) {
            (Switch::Neutral, _) => self.edits.push(event),
            (_, Some(ended)) => self.fault(Fault::Late { ended }, event),
            // Before anything is known of the cluster: the rest of a life whose events are gone.
            (_, None) => self.fault(Fault::Late { ended: event.told.at }, event),
        }
    }

    fn open(&mut self, event: Event<'a>) {
        self.open = Some(LifeEvents {
            started: event.told.at,
            events: vec![event],
            edits: std::mem::take(&mut self.edits),
            end: End::Open,
        });
    }

    fn close(&mut self, end: End, at: Instant) {
        self.ended = Some(at);
        if let Some(mut life) = self.open.take() {
            life.end = end;
            self.done.push(life);
        }
    }

    /// A start while the cluster is on: the end is where its last certain event is.
    fn impute(&mut self, next: Event<'a>) {
        let certain = |e: &&Event<'_>| !matches!(switch(e.told.event_type), Switch::Neutral | Switch::Unsure);
        let open = self.open.as_ref();
        let last = open.and_then(|l| l.events.iter().rev().find(certain).or(l.events.first()));
        let Some(last) = last.copied() else { return };
        let fault = Fault::MissingTerminating {
            end: last.told.at,
            next: next.told.at,
        };
        self.fault(fault, last);
        self.close(End::Imputed(last.told.at), last.told.at);
    }

    fn fault(&mut self, fault: Fault, event: Event<'_>) {
        self.faults.push(Found {
            fault,
            event: event.index,
        });
    }
}
