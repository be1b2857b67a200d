//! What is wrong with a history, and what was done about it.

use crate::model::period::{Instant, rfc3339};

/// Something that a history lacks or has too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The event was told before, word for word.
    Duplicate,
    /// It is not where its time belongs.
    OutOfOrder,
    /// It came after the end of its life.
    Late {
        /// The end.
        ended: Instant,
    },
    /// No start was told.
    MissingStart {
        /// Whether anything is billed from here on; a TERMINATING alone tells no life.
        billed: bool,
    },
    /// The cluster works and was never told to run.
    MissingRunning,
    /// The next start came without an end.
    MissingTerminating {
        /// The end that was put in.
        end: Instant,
        /// The start that shows it.
        next: Instant,
    },
    /// The last life has no end.
    Unterminated {
        /// Up to when it is billed; none without a cut.
        billed_to: Option<Instant>,
    },
    /// Nothing tells how many workers it started with.
    NoSize {
        /// What was taken: the first number told later. None where there is none.
        taken: Option<u32>,
    },
    /// No definition says what its nodes are.
    NoNodeType,
    /// Nodes were lost and nothing tells how many are left.
    LostUncounted,
}

/// A fault and the event it was found at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What is wrong.
    pub fault: Fault,
    /// The number of the event in the list given.
    pub event: usize,
}

impl Fault {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Fault::Duplicate => "event::duplicate",
            Fault::OutOfOrder => "event::out-of-order",
            Fault::Late { .. } => "event::late",
            Fault::MissingStart { .. } => "event::missing-start",
            Fault::MissingRunning => "event::missing-running",
            Fault::MissingTerminating { .. } => "event::missing-terminating",
            Fault::Unterminated { .. } => "event::unterminated",
            Fault::NoSize { .. } => "event::no-size",
            Fault::NoNodeType => "event::no-node-type",
            Fault::LostUncounted => "event::lost-uncounted",
        }
    }

    /// Whether the event it was found at was left out.
    pub fn is_ignored(self) -> bool {
        matches!(
            self,
            Fault::Duplicate | Fault::Late { .. } | Fault::MissingStart { billed: false }
        )
    }

    /// What was found and what was done.
    pub fn message(self) -> String {
        match self {
            Fault::Duplicate => "told before, word for word; ignored".to_owned(),
            Fault::OutOfOrder => "not in order of time; sorted".to_owned(),
            Fault::Late { ended } => format!("it came after TERMINATING at {}; ignored", rfc3339(ended)),
            Fault::MissingStart { billed: true } => {
                "no CREATING or STARTING before it; billed from here on".to_owned()
            }
            Fault::MissingStart { billed: false } => {
                "nothing is told of the life that ends here; nothing of it is billed".to_owned()
            }
            Fault::MissingRunning => "no RUNNING before it; taken for RUNNING".to_owned(),
            Fault::MissingTerminating { end, next } => format!(
                "no TERMINATING before the start at {}; billed to the last certain event, {}",
                rfc3339(next),
                rfc3339(end)
            ),
            Fault::Unterminated { billed_to: Some(to) } => {
                format!("no TERMINATING follows this start; billed to {}", rfc3339(to))
            }
            Fault::Unterminated { billed_to: None } => {
                "no TERMINATING follows this start; this life is not billed".to_owned()
            }
            Fault::NoSize { taken: Some(workers) } => format!(
                "nothing tells how many workers it starts with; {workers} taken, the first number told later"
            ),
            Fault::NoSize { taken: None } => {
                "nothing tells how many workers it has; they are unpriced usage of unknown number".to_owned()
            }
            Fault::NoNodeType => "nothing tells its node types; unpriced usage".to_owned(),
            Fault::LostUncounted => {
                "nodes were lost and nothing tells how many are left; billed as before".to_owned()
            }
        }
    }

    /// What to do about it.
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Fault::MissingStart { .. } | Fault::MissingTerminating { .. } => Some(
                "was the history asked for from its beginning, with all pages? events are kept for 30 days after the end",
            ),
            Fault::Unterminated { billed_to: None } => {
                Some("give --cut TIME, an instant up to which it is known to have lived")
            }
            Fault::Unterminated { billed_to: Some(_) } => {
                Some("whole days up to the cut are billed; tell the events that follow to bill the rest")
            }
            Fault::NoSize { .. } | Fault::NoNodeType => {
                Some("give --clusters FILE, the JSON of clusters/list or clusters/get")
            }
            _ => None,
        }
    }
}
