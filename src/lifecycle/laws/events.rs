//! Events against a plain state machine that knows nothing but what the documentation says of events.

use proptest::prelude::*;
use std::collections::BTreeMap;

use super::super::simulation::Outcome;
use crate::databricks::event::{ClusterEvent, EventType};
use crate::model::meter::MeterKind;
use crate::model::usage::Usage;

/// What one sees of a cluster from its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    /// Being created, started or restarted; init scripts may be under way.
    Starting {
        restarting: bool,
        scripts: bool,
    },
    /// Workers may still join.
    Running {
        late: bool,
    },
    /// RESTARTING must follow.
    Edited,
    Resizing {
        ends: Ends,
        draining: bool,
    },
    /// TERMINATING or TERMINATED: no event tells them apart.
    Down,
}

/// How a resize ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Nodes are added: UPSIZE_COMPLETED.
    Told,
    /// None are.
    Silently,
    /// Late workers may be the ones that are aimed at: nobody knows.
    Either,
}

fn by_cluster(outcome: &Outcome) -> BTreeMap<&str, Vec<&ClusterEvent>> {
    let mut clusters: BTreeMap<&str, Vec<&ClusterEvent>> = BTreeMap::new();
    for event in &outcome.events {
        clusters.entry(&event.cluster_id).or_default().push(event);
    }
    clusters
}

/// The state after an event; none where it may not follow.
fn after(seen: Seen, event: &ClusterEvent) -> Option<Seen> {
    use EventType as E;
    let (current, target) = (
        event.details.current_num_workers,
        event.details.target_num_workers,
    );
    let next = match (seen, event.event_type) {
        (Seen::Nothing, E::Creating) | (Seen::Down, E::Starting) => Seen::Starting {
            restarting: false,
            scripts: false,
        },
        (Seen::Nothing, _) => return None,
        (Seen::Edited, E::Restarting) => Seen::Starting {
            restarting: true,
            scripts: false,
        },
        (Seen::Edited, _) => return None,
        (same, E::Pinned | E::Unpinned) => same,
        // Overwatch has seen disks grow after a termination: the machines are still there.
        (Seen::Down, E::Edited | E::ExpandedDisk | E::DidNotExpandDisk) => Seen::Down,
        (Seen::Down, _) => return None,
        (_, E::Terminating) => Seen::Down,
        (same @ Seen::Starting { .. }, E::NodesLost) => same,
        (
            Seen::Starting {
                restarting,
                scripts: false,
            },
            E::InitScriptsStarted,
        ) => Seen::Starting {
            restarting,
            scripts: true,
        },
        (
            Seen::Starting {
                restarting,
                scripts: true,
            },
            E::InitScriptsFinished,
        ) => Seen::Starting {
            restarting,
            scripts: false,
        },
        (Seen::Starting { scripts: false, .. }, E::Running) if current <= target => Seen::Running {
            late: current < target,
        },
        // The machines of a restart may still be full.
        (same @ Seen::Starting { restarting: true, .. }, E::ExpandedDisk | E::DidNotExpandDisk) => same,
        (Seen::Starting { .. }, _) => return None,
        (
            same,
            E::DriverHealthy
            | E::DriverNotResponding
            | E::DriverUnavailable
            | E::MetastoreDown
            | E::DbfsDown
            | E::SparkException
            | E::AutoscalingStatsReport
            | E::NodesLost
            | E::NodeBlacklisted
            | E::NodeExcludedDecommissioned
            | E::ExpandedDisk
            | E::DidNotExpandDisk,
        ) => same,
        (Seen::Running { late }, E::Resizing) => {
            let ends = match (late, target > current) {
                (true, _) => Ends::Either,
                (false, true) => Ends::Told,
                (false, false) => Ends::Silently,
            };
            Seen::Resizing {
                ends,
                draining: false,
            }
        }
        (Seen::Running { .. }, E::Restarting) => Seen::Starting {
            restarting: true,
            scripts: false,
        },
        (Seen::Running { .. }, E::Edited) => Seen::Edited,
        (Seen::Running { late: true }, E::UpsizeCompleted) if current <= target => {
            Seen::Running { late: false }
        }
        (
            same @ Seen::Resizing {
                ends: Ends::Told | Ends::Either,
                ..
            },
            E::AddNodesFailed,
        ) => same,
        (
            Seen::Resizing {
                ends: Ends::Told | Ends::Either,
                draining: false,
            },
            E::UpsizeCompleted,
        ) if current <= target => Seen::Running { late: false },
        (
            Seen::Resizing {
                ends: ends @ (Ends::Silently | Ends::Either),
                draining: false,
            },
            E::DecommissionStarted,
        ) => Seen::Resizing { ends, draining: true },
        (Seen::Resizing { ends, draining: true }, E::DecommissionEnded) => Seen::Resizing {
            ends,
            draining: false,
        },
        // It had ended before.
        (
            Seen::Resizing {
                ends: Ends::Silently,
                draining: false,
            },
            _,
        ) => {
            return after(Seen::Running { late: false }, event);
        }
        (
            Seen::Resizing {
                ends: Ends::Either,
                draining: false,
            },
            _,
        ) => {
            return after(Seen::Running { late: true }, event);
        }
        _ => return None,
    };
    Some(next)
}

/// Each event of a cluster may follow those before it.
pub fn follow_each_other(outcome: &Outcome) -> Result<(), TestCaseError> {
    for (id, events) in by_cluster(outcome) {
        let mut seen = Seen::Nothing;
        let mut before: Option<&ClusterEvent> = None;
        for event in events {
            let next = after(seen, event);
            prop_assert!(next.is_some(), "{id}: {:?} in {seen:?} after {before:?}", event);
            if seen == Seen::Edited {
                prop_assert_eq!(before.map(|b| b.timestamp), Some(event.timestamp));
            }
            seen = next.unwrap_or(seen);
            before = Some(event);
        }
    }
    Ok(())
}

/// Workers that events count are those whose DBUs are owed then. Looked at where only one thing happens at an instant.
pub fn count_the_workers_that_are_billed(outcome: &Outcome) -> Result<(), TestCaseError> {
    let mut owed: BTreeMap<&str, Vec<&Usage>> = BTreeMap::new();
    for usage in outcome
        .usage
        .iter()
        .filter(|u| matches!(u.meter.kind, MeterKind::Dbu { .. }))
    {
        owed.entry(&usage.subject.cluster_id).or_default().push(usage);
    }
    for (id, events) in by_cluster(outcome) {
        let owed = owed.get(id).map_or(&[][..], Vec::as_slice);
        for event in &events {
            let at = event.timestamp;
            let alone = events
                .iter()
                .all(|e| e == event || e.timestamp != at || e.event_type == EventType::DriverHealthy);
            let Some(current) = event.details.current_num_workers.filter(|_| alone) else {
                continue;
            };
            let count = |wanted: &dyn Fn(&Usage) -> bool| owed.iter().filter(|u| wanted(u)).count();
            let workers = usize::try_from(current).unwrap();
            let (goes_on, begins) = (
                count(&|u| u.period.start <= at && at < u.period.end),
                count(&|u| u.period.start == at),
            );
            match event.event_type {
                EventType::Running | EventType::UpsizeCompleted => {
                    prop_assert_eq!(goes_on, workers + 1, "{}: {:?}", id, event)
                }
                // Workers may join later in the same second. A cluster that starts owes nothing.
                EventType::NodesLost if goes_on > 0 => {
                    prop_assert!(
                        (workers + 1..=workers + 1 + begins).contains(&goes_on),
                        "{id}: {event:?} {goes_on}"
                    );
                }
                // Idle workers that are too many go in the same second, idle ones of a pool may come in it.
                EventType::Resizing => {
                    let before = count(&|u| u.period.start <= at && at <= u.period.end);
                    prop_assert!(
                        (workers + 1..=workers + 1 + begins).contains(&before),
                        "{id}: {event:?} {before}"
                    );
                }
                _ => {}
            }
        }
    }
    Ok(())
}
