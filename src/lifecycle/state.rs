//! The cluster state machine: one table, state and trigger to state. What is not in it is an error.

use std::fmt;

use crate::databricks::state::State;

/// What moves a cluster from one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trigger {
    /// The nodes that were waited for have come, or those that were too many have gone.
    Ready,
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
    (State::Pending, Trigger::Ready, State::Running),
    (State::Pending, Trigger::Terminate, State::Terminating),
    (State::Running, Trigger::Resize, State::Resizing),
    (State::Running, Trigger::Restart, State::Restarting),
    (State::Running, Trigger::Terminate, State::Terminating),
    (State::Restarting, Trigger::Ready, State::Running),
    (State::Restarting, Trigger::Terminate, State::Terminating),
    (State::Resizing, Trigger::Ready, State::Running),
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
            Trigger::Ready => "`ready`",
            Trigger::Terminate => "`terminate`",
            Trigger::Released => "`released`",
            Trigger::Start => "`start`",
            Trigger::Restart => "`restart`",
            Trigger::Resize => "`resize`",
        })
    }
}

/// What the API answers to a request that is not in order: `error_code` and `message`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error_code}: {message}")]
pub struct ApiError {
    /// `INVALID_STATE` or `INVALID_PARAMETER_VALUE`.
    pub error_code: &'static str,
    /// In Databricks' words where they are known.
    pub message: String,
}

/// A request of the Clusters API to a cluster that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// `clusters/start`
    Start,
    /// `clusters/restart`
    Restart,
    /// `clusters/edit`
    Edit,
    /// `clusters/resize`
    Resize,
    /// `clusters/delete`
    Delete,
    /// `clusters/permanent-delete`
    PermanentDelete,
    /// `clusters/pin`
    Pin,
    /// `clusters/unpin`
    Unpin,
}

/// What follows from a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The cluster moves to another state.
    Moves(Trigger),
    /// It stays in its state, and something about it changes.
    Stays,
    /// Nothing changes.
    Nothing,
}

/// The second table: which request is in order in which state. What is not in it is refused.
const ANSWERS: [(State, Call, Answer); 29] = {
    use Answer::{Moves, Nothing, Stays};
    use Call::*;
    use State::*;
    [
        (Terminated, Start, Moves(Trigger::Start)),
        (Running, Restart, Moves(Trigger::Restart)),
        (Running, Edit, Moves(Trigger::Restart)),
        (Terminated, Edit, Stays),
        (Running, Resize, Moves(Trigger::Resize)),
        (Pending, Delete, Moves(Trigger::Terminate)),
        (Running, Delete, Moves(Trigger::Terminate)),
        (Restarting, Delete, Moves(Trigger::Terminate)),
        (Resizing, Delete, Moves(Trigger::Terminate)),
        (Terminating, Delete, Nothing),
        (Terminated, Delete, Nothing),
        (Pending, PermanentDelete, Moves(Trigger::Terminate)),
        (Running, PermanentDelete, Moves(Trigger::Terminate)),
        (Restarting, PermanentDelete, Moves(Trigger::Terminate)),
        (Resizing, PermanentDelete, Moves(Trigger::Terminate)),
        (Terminating, PermanentDelete, Stays),
        (Terminated, PermanentDelete, Stays),
        (Pending, Pin, Stays),
        (Running, Pin, Stays),
        (Restarting, Pin, Stays),
        (Resizing, Pin, Stays),
        (Terminating, Pin, Stays),
        (Terminated, Pin, Stays),
        (Pending, Unpin, Stays),
        (Running, Unpin, Stays),
        (Restarting, Unpin, Stays),
        (Resizing, Unpin, Stays),
        (Terminating, Unpin, Stays),
        (Terminated, Unpin, Stays),
    ]
};

/// What a request to a cluster comes to. A job's cluster can only be deleted, pinned and unpinned.
///
/// # Errors
/// What the API answers: `INVALID_STATE` for a state in which the request is not in order (the wording is that of
/// `clusters/start`, the one that is known), `INVALID_PARAMETER_VALUE` for a job's cluster.
pub fn answer(cluster_id: &str, of_job: bool, state: State, call: Call) -> Result<Answer, ApiError> {
    let refused = |error_code, message| Err(ApiError { error_code, message });
    let for_people = matches!(call, Call::Start | Call::Restart | Call::Edit | Call::Resize);
    if of_job && for_people {
        let verb = match call {
            Call::Start => "start",
            Call::Restart => "restart",
            Call::Edit => "edit",
            _ => "resize",
        };
        return refused(
            "INVALID_PARAMETER_VALUE",
            format!("Cannot {verb} cluster {cluster_id} created by JobLauncher"),
        );
    }
    let known = ANSWERS.iter().find(|(s, c, _)| (*s, *c) == (state, call));
    match known {
        Some((_, _, answer)) => Ok(*answer),
        None => refused(
            "INVALID_STATE",
            format!(
                "Cluster {cluster_id} is in unexpected state {}.",
                capitalised(state)
            ),
        ),
    }
}

/// What every call to a cluster that is gone is answered.
pub fn gone(cluster_id: &str) -> ApiError {
    ApiError {
        error_code: "INVALID_PARAMETER_VALUE",
        message: format!("Cluster {cluster_id} does not exist"),
    }
}

/// `Running`, as the API's messages spell a state.
fn capitalised(state: State) -> String {
    let (first, rest) = state.as_str().split_at(1);
    format!("{first}{}", rest.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::*;

    const STATES: [State; 6] = [Pending, Running, Restarting, Resizing, Terminating, Terminated];
    const TRIGGERS: [Trigger; 6] = [
        Trigger::Ready,
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
