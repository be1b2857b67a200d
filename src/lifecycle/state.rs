//! The cluster state machine: one table, state and trigger to state. What is not in it is an error.

use std::fmt;

use crate::databricks::state::State;

/// What moves a cluster from one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trigger {
    /// The last of the nodes that were waited for has come.
    NodesCame,
    /// Somebody or some deadline ends the cluster.
    Terminate,
    /// Its nodes are gone.
    Released,
    /// A terminated cluster is started again, under its old id.
    Start,
    /// A running cluster is restarted.
    Restart,
    /// The number of workers that is aimed at changes.
    Resize,
}

/// The whole table. Databricks documents these transitions and no others; TERMINATED to PENDING is what
/// `clusters/start` does.
const TRANSITIONS: [(State, Trigger, State); 11] = [
    (State::Pending, Trigger::NodesCame, State::Running),
    (State::Pending, Trigger::Terminate, State::Terminating),
    (State::Running, Trigger::Resize, State::Resizing),
    (State::Running, Trigger::Restart, State::Restarting),
    (State::Running, Trigger::Terminate, State::Terminating),
    (State::Restarting, Trigger::NodesCame, State::Running),
    (State::Restarting, Trigger::Terminate, State::Terminating),
    (State::Resizing, Trigger::NodesCame, State::Running),
    (State::Resizing, Trigger::Terminate, State::Terminating),
    (State::Terminating, Trigger::Released, State::Terminated),
    (State::Terminated, Trigger::Start, State::Pending),
];

/// A trigger that its state knows no answer to: a fault of the simulation, never of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{trigger} does not apply to a cluster that is {}", state.as_str())]
pub struct IllegalTransition {
    /// The state the cluster is in.
    pub state: State,
    /// What was to happen to it.
    pub trigger: Trigger,
}

/// The state after a trigger.
///
/// # Errors
/// [`IllegalTransition`] for a pair that is not in the table.
pub fn next(state: State, trigger: Trigger) -> Result<State, IllegalTransition> {
    TRANSITIONS
        .iter()
        .find(|(from, by, _)| (*from, *by) == (state, trigger))
        .map(|(_, _, to)| *to)
        .ok_or(IllegalTransition { state, trigger })
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trigger::NodesCame => "`nodes came`",
            Trigger::Terminate => "`terminate`",
            Trigger::Released => "`released`",
            Trigger::Start => "`start`",
            Trigger::Restart => "`restart`",
            Trigger::Resize => "`resize`",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::*;

    const STATES: [State; 6] = [Pending, Running, Restarting, Resizing, Terminating, Terminated];
    const TRIGGERS: [Trigger; 6] = [
        Trigger::NodesCame,
        Trigger::Terminate,
        Trigger::Released,
        Trigger::Start,
        Trigger::Restart,
        Trigger::Resize,
    ];

    /// The transitions of `ClusterDetails.state` as the SDKs document them, and the start of a terminated one.
    const DOCUMENTED: [(State, State); 11] = [
        (Pending, Running),
        (Pending, Terminating),
        (Running, Resizing),
        (Running, Restarting),
        (Running, Terminating),
        (Restarting, Running),
        (Restarting, Terminating),
        (Resizing, Running),
        (Resizing, Terminating),
        (Terminating, Terminated),
        (Terminated, Pending),
    ];

    #[test]
    fn the_table_reaches_the_documented_transitions_and_no_others() {
        let mut reached = Vec::new();
        for state in STATES {
            for trigger in TRIGGERS {
                if let Ok(to) = next(state, trigger) {
                    reached.push((state, to));
                }
            }
        }
        reached.sort();
        let mut documented = DOCUMENTED.to_vec();
        documented.sort();
        assert_eq!(reached, documented);
    }

    #[test]
    fn a_pair_without_an_answer_is_an_error_with_both_sides() {
        let error = next(Pending, Trigger::Released).unwrap_err();
        assert_eq!(
            error,
            IllegalTransition {
                state: Pending,
                trigger: Trigger::Released
            }
        );
        assert_eq!(
            error.to_string(),
            "`released` does not apply to a cluster that is PENDING"
        );
    }
}
