//! One life, event by event, through the table of states.

use std::sync::Arc;

use super::bill::{Bill, Standing};
use super::fault::{Fault, Found};
use super::lives::LifeEvents;
use super::told::{Definition, Event, Told};
use super::{End, Life, Replay, ReplayError, midnight_before};
use crate::databricks::event::{ClusterSize, EventType};
use crate::databricks::state::State;
use crate::lifecycle::state::{IllegalTransition, Trigger, next};
use crate::model::period::Instant;

/// The definition and the size in force, from life to life.
pub(super) struct Definitions {
    in_force: Arc<Definition>,
    /// Takes effect at the next start or restart.
    pending: Option<Arc<Definition>>,
    size: Option<ClusterSize>,
    pending_size: Option<ClusterSize>,
    cut: Option<Instant>,
    termination_seconds: u32,
}

impl Definitions {
    /// Before the first event the definition is what the first edit replaced, else what is known beside the events, else
    /// the first that any event tells.
    pub fn new(asked: &Replay<'_>, events: &[Event<'_>]) -> Definitions {
        let tells = |e: &&Event<'_>| e.told.definition.is_some() || e.told.previous_definition.is_some();
        let first = events.iter().find(tells).map(|e| e.told);
        let replaced = first.and_then(|told| told.previous_definition.clone());
        let in_force = match (replaced, asked.known.names_nodes(), first) {
            (Some(replaced), ..) => replaced,
            (None, false, Some(told)) => told
                .definition
                .clone()
                .unwrap_or_else(|| Arc::clone(&asked.known)),
            _ => Arc::clone(&asked.known),
        };
        Definitions {
            size: in_force.size.or(asked.known.size),
            in_force,
            pending: None,
            pending_size: None,
            cut: asked.cut,
            termination_seconds: asked.termination_seconds,
        }
    }

    /// An event tells a definition or a size: those of a start are in force, others wait for the next.
    fn take(&mut self, told: &Told) {
        if let Some(definition) = &told.definition {
            self.pending = Some(Arc::clone(definition));
        }
        self.pending_size = told.cluster_size.or(self.pending_size);
    }

    /// A start or restart; whether the size is another.
    fn come_into_force(&mut self) -> bool {
        if let Some(definition) = self.pending.take() {
            self.in_force = definition;
        }
        let size = self.pending_size.take();
        self.size = size.or(self.size);
        size.is_some()
    }

    fn workers(&self) -> Option<u32> {
        self.size.map(fewest)
    }
}

fn fewest(size: ClusterSize) -> u32 {
    match size {
        ClusterSize::Autoscale { min_workers, .. } => min_workers,
        ClusterSize::Fixed { num_workers } => num_workers,
    }
}

/// The number of workers that an event tells.
fn number(told: &Told) -> Option<u32> {
    told.target_num_workers.or(told.current_num_workers)
}

/// Lives one life and bills it.
pub(super) fn live(
    life: &LifeEvents<'_>,
    next_start: Option<Instant>,
    definitions: &mut Definitions,
    bill: &mut Bill<'_>,
    faults: &mut Vec<Found>,
) -> Result<Life, ReplayError> {
    let cut = definitions.cut.map(midnight_before);
    let (until, gone) = match life.end {
        End::Told(at) => {
            let gone = at
                .checked_add_signed(chrono::Duration::seconds(i64::from(
                    definitions.termination_seconds,
                )))
                .unwrap_or(at);
            // A machine has one life at a time.
            let gone = next_start.map_or(gone, |next| gone.min(next.max(at)));
            (Some(at), Some(gone))
        }
        End::Imputed(at) => (Some(at), Some(at)),
        End::Open => (cut, cut),
    };
    if let (End::Open, Some(first)) = (life.end, life.events.first()) {
        let billed_to = cut.map(|cut| cut.max(life.started));
        let fault = Fault::Unterminated { billed_to };
        faults.push(Found {
            fault,
            event: first.index,
        });
    }
    bill.begin(match life.end {
        End::Open => until,
        End::Told(_) | End::Imputed(_) => None,
    });
    let mut living = Living {
        state: State::Terminated,
        definitions,
        target: None,
        present: None,
        current: None,
        running: None,
        faults,
    };
    for edit in &life.edits {
        living.definitions.take(edit.told);
    }
    for (i, event) in life.events.iter().enumerate() {
        let rest = life.events.get(i.saturating_add(1)..).unwrap_or_default();
        match i {
            0 => living.open(*event, rest)?,
            _ => living.go_through(*event, rest)?,
        }
        let standing = living.standing();
        if standing.running.is_some() && living.running.is_none() {
            living.running = Some(event.told.at);
        }
        bill.stand(event.told.at, until, &standing)?;
    }
    living.end(life.end)?;
    if let Some(began) = life.events.first()
        && until.is_some()
        && !living.definitions.in_force.names_nodes()
    {
        let fault = Fault::NoNodeType;
        living.faults.push(Found {
            fault,
            event: began.index,
        });
    }
    let running = living.running;
    if let (Some(until), Some(gone)) = (until, gone) {
        bill.end(until, gone)?;
    } else {
        bill.forget();
    }
    Ok(Life {
        started: life.started,
        running,
        end: life.end,
        billed_until: gone.filter(|gone| life.started < *gone),
    })
}

struct Living<'d, 'f> {
    state: State,
    definitions: &'d mut Definitions,
    /// Workers aimed at; none where nothing tells.
    target: Option<u32>,
    /// Workers whose machines there are.
    present: Option<u32>,
    /// Workers that work.
    current: Option<u32>,
    running: Option<Instant>,
    faults: &'f mut Vec<Found>,
}

impl Living<'_, '_> {
    fn standing(&self) -> Standing {
        let is_billable = matches!(self.state, State::Running | State::Resizing);
        Standing {
            definition: Arc::clone(&self.definitions.in_force),
            workers: self.present,
            running: is_billable.then_some(self.current),
        }
    }

    fn step(&mut self, trigger: Trigger) -> Result<(), IllegalTransition> {
        self.state = next(self.state, trigger)?;
        Ok(())
    }

    /// The first event of the life.
    fn open(&mut self, event: Event<'_>, rest: &[Event<'_>]) -> Result<(), IllegalTransition> {
        use EventType::*;
        let told = event.told;
        let event_type = told.event_type;
        let is_start = matches!(event_type, Some(Creating | Starting));
        if is_start {
            self.definitions.take(told);
        }
        self.definitions.come_into_force();
        self.step(Trigger::Start)?;
        let told_size = number(told).or(told.cluster_size.map(fewest));
        self.target = told_size.or(self.definitions.workers());
        if self.target.is_none() {
            let later = |e: &Event<'_>| number(e.told).or(e.told.cluster_size.map(fewest));
            self.target = rest.iter().find_map(later);
            let fault = Fault::NoSize { taken: self.target };
            self.faults.push(Found {
                fault,
                event: event.index,
            });
        }
        self.present = self.target;
        if is_start {
            return Ok(());
        }
        self.definitions.take(told);
        // The life was under way: how far, its first event tells.
        match event_type {
            Some(Running) => {}
            Some(InitScriptsStarted | InitScriptsFinished) => return Ok(()),
            Some(Resizing | UpsizeCompleted | DriverHealthy | AutoscalingStatsReport | Restarting) => {}
            _ if runs_later(rest) => return Ok(()),
            _ => {}
        }
        self.step(Trigger::Ready)?;
        self.current = self.target;
        if event_type == Some(Restarting) {
            return self.restart(told);
        }
        if event_type == Some(Resizing) {
            self.step(Trigger::Resize)?;
        }
        self.count(told);
        Ok(())
    }

    fn go_through(&mut self, event: Event<'_>, rest: &[Event<'_>]) -> Result<(), IllegalTransition> {
        use EventType::*;
        let told = event.told;
        match told.event_type {
            Some(Running) => self.run(told)?,
            Some(Restarting) if self.state != State::Restarting => {
                self.imply_running(event, &[])?;
                if self.state == State::Resizing {
                    self.step(Trigger::Ready)?;
                }
                self.definitions.take(told);
                self.restart(told)?;
            }
            Some(Resizing | UpsizeCompleted | DriverHealthy | AutoscalingStatsReport) => {
                self.definitions.take_unless_size(told);
                self.imply_running(event, rest)?;
                self.resize(told)?;
            }
            Some(NodesLost) => match told.current_num_workers {
                Some(left) => {
                    self.present = self.present.map(|n| n.min(left));
                    self.current = self.current.map(|n| n.min(left));
                }
                None => {
                    let fault = Fault::LostUncounted;
                    self.faults.push(Found {
                        fault,
                        event: event.index,
                    });
                }
            },
            Some(Edited) => self.definitions.take(told),
            _ => {
                self.definitions.take_unless_size(told);
                self.count(told);
            }
        }
        Ok(())
    }

    fn is_pending(&self) -> bool {
        matches!(self.state, State::Pending | State::Restarting)
    }

    fn run(&mut self, told: &Told) -> Result<(), IllegalTransition> {
        if self.is_pending() || self.state == State::Resizing {
            self.step(Trigger::Ready)?;
        }
        self.target = number(told).or(self.target);
        self.present = self.target;
        self.current = least(told.current_num_workers.or(self.target), self.target);
        Ok(())
    }

    /// Only a running cluster has such an event. If no RUNNING follows before the next restart, this is where it runs.
    fn imply_running(&mut self, event: Event<'_>, rest: &[Event<'_>]) -> Result<(), IllegalTransition> {
        if !self.is_pending() || runs_later(rest) {
            return Ok(());
        }
        self.step(Trigger::Ready)?;
        // Of the workers aimed at some may have been lost before; those that the event counts are there.
        if let Some(counted) = event.told.current_num_workers {
            self.present = self.present.map(|n| n.max(counted));
        }
        self.current = least(event.told.current_num_workers.or(self.target), self.present);
        let fault = Fault::MissingRunning;
        self.faults.push(Found {
            fault,
            event: event.index,
        });
        Ok(())
    }

    fn resize(&mut self, told: &Told) -> Result<(), IllegalTransition> {
        match told.event_type {
            Some(EventType::Resizing) => {
                if self.state == State::Resizing {
                    // A downsize has no event for its end, so the next resize ends it.
                    self.step(Trigger::Ready)?;
                }
                if self.state == State::Running {
                    self.step(Trigger::Resize)?;
                }
                self.aim(told);
                let current = told.current_num_workers.or(self.current);
                self.current = least(current, self.present);
            }
            Some(EventType::UpsizeCompleted) => {
                if self.state == State::Resizing {
                    self.step(Trigger::Ready)?;
                }
                self.aim(told);
                self.current = least(told.current_num_workers.or(self.target), self.present);
            }
            _ => self.count(told),
        }
        Ok(())
    }

    /// A new target: machines for all of it, and the size of a cluster that does not scale by itself.
    fn aim(&mut self, told: &Told) {
        self.target = number(told).or(self.target);
        self.present = self.target;
        if let (Some(ClusterSize::Fixed { num_workers }), Some(target)) =
            (&mut self.definitions.size, told.target_num_workers)
        {
            *num_workers = target;
        }
    }

    /// Any event may tell how many workers there are: more than were known have come, fewer are fewer DBUs.
    fn count(&mut self, told: &Told) {
        let Some(current) = told.current_num_workers else {
            return;
        };
        if self.is_pending() {
            return;
        }
        let current = self.target.map_or(current, |target| current.min(target));
        self.current = Some(current);
        self.present = Some(self.present.map_or(current, |n| n.max(current)));
    }

    fn restart(&mut self, told: &Told) -> Result<(), IllegalTransition> {
        self.step(Trigger::Restart)?;
        let is_resized = self.definitions.come_into_force();
        let size = if is_resized {
            self.definitions.workers()
        } else {
            None
        };
        self.target = number(told).or(size).or(self.target);
        self.present = self.target;
        Ok(())
    }

    fn end(&mut self, end: End) -> Result<(), IllegalTransition> {
        if end == End::Open {
            return Ok(());
        }
        self.step(Trigger::Terminate)?;
        self.step(Trigger::Released)
    }
}

impl Definitions {
    /// Events that only report carry sizes as they are, not as they are asked for.
    fn take_unless_size(&mut self, told: &Told) {
        if let Some(definition) = &told.definition {
            self.pending = Some(Arc::clone(definition));
        }
    }
}

fn least(a: Option<u32>, b: Option<u32>) -> Option<u32> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Whether a RUNNING follows before the next restart.
fn runs_later(rest: &[Event<'_>]) -> bool {
    let of = |e: &Event<'_>| e.told.event_type;
    rest.iter()
        .take_while(|e| of(e) != Some(EventType::Restarting))
        .any(|e| of(e) == Some(EventType::Running))
}
