//! How a guest call breaks, told apart without looking at any error's text.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use wasmtime::Trap;

use crate::model::decision::FailureKind;

/// A guest call that gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum CallFailure {
    /// It ran past its deadline.
    #[error("ran for {elapsed_ms} ms and was stopped; the limit is {limit_ms} ms")]
    Deadline {
        /// How long it ran.
        elapsed_ms: u64,
        /// How long it may.
        limit_ms: u64,
    },
    /// It asked for more memory than it may have, and then broke.
    #[error("asked for {asked_bytes} bytes of memory; the limit is {limit_bytes}")]
    Memory {
        /// What it asked for.
        asked_bytes: usize,
        /// What it may have.
        limit_bytes: usize,
    },
    /// Its call stack overflowed.
    #[error("overflowed its call stack")]
    Stack,
    /// It trapped.
    #[error("trapped: {0}")]
    Trap(String),
    /// Its answer is not of the contract's form, or larger than it may be.
    #[error("gave an answer that cannot be read (limit {limit_bytes} bytes): {why}")]
    Output {
        /// Most bytes of an answer.
        limit_bytes: usize,
        /// What is wrong with it.
        why: String,
    },
    /// It said itself that it cannot answer.
    #[error("could not answer: {0}")]
    Refused(String),
}

impl CallFailure {
    /// The kind, as decisions name it.
    pub fn kind(&self) -> FailureKind {
        match self {
            CallFailure::Deadline { .. } => FailureKind::Deadline,
            CallFailure::Memory { .. } => FailureKind::Memory,
            CallFailure::Stack => FailureKind::Stack,
            CallFailure::Trap(_) => FailureKind::Trap,
            CallFailure::Output { .. } => FailureKind::Output,
            CallFailure::Refused(_) => FailureKind::Refused,
        }
    }

    /// Reads what a call's error means, given what the sandbox saw.
    pub(super) fn of(error: &wasmtime::Error, seen: &Seen) -> CallFailure {
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => CallFailure::Deadline {
                elapsed_ms: u64::try_from(seen.elapsed.as_millis()).unwrap_or(u64::MAX),
                limit_ms: seen.deadline_ms,
            },
            Some(Trap::StackOverflow) => CallFailure::Stack,
            Some(trap) => match seen.memory_refused {
                // A guest that is refused memory aborts: the refusal is the cause, the trap its sign.
                Some(asked_bytes) => CallFailure::Memory {
                    asked_bytes,
                    limit_bytes: seen.memory_limit,
                },
                None => CallFailure::Trap(trap.to_string()),
            },
            None => CallFailure::Output {
                limit_bytes: seen.output_limit,
                why: error.root_cause().to_string(),
            },
        }
    }
}

/// What the host saw of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub elapsed: Duration,
    pub deadline_ms: u64,
    pub memory_refused: Option<usize>,
    pub memory_limit: usize,
    pub output_limit: usize,
}

/// A component that cannot become a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum LoadFailure {
    /// The bytes are larger than is compiled.
    #[error("the component has {found} bytes; the limit is {limit}")]
    TooLarge {
        /// Its size.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Not a WASM component, or one that uses what is switched off.
    #[error("not a component this host runs: {0}")]
    NotAComponent(String),
    /// It imports something; nothing is granted.
    #[error("imports `{0}`; a plugin may import nothing")]
    Imports(String),
    /// It does not export the contract's interface.
    #[error("does not implement `tollgate:policy/rule@1.0.0`: {0}")]
    NotTheContract(String),
    /// What it says of itself cannot be used.
    #[error("describes itself wrongly: {0}")]
    Description(String),
    /// The settings do not fit.
    #[error("{} of its settings cannot be used", .0.len())]
    Settings(Vec<SettingProblem>),
    /// A call of `describe` or `configure` broke.
    #[error("`{function}` {failure}")]
    Call {
        /// The function called.
        function: String,
        /// How it broke.
        failure: CallFailure,
    },
    /// Compiling took more than it may, or broke.
    #[error("cannot be compiled within {cpu_seconds} s and {memory_bytes} bytes: {why}")]
    Compile {
        /// CPU seconds allowed.
        cpu_seconds: u64,
        /// Memory allowed.
        memory_bytes: u64,
        /// What happened.
        why: String,
    },
    /// The engine or the cache could not do its part.
    #[error("the host failed: {0}")]
    Host(String),
}

/// A setting the plugin cannot use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingProblem {
    /// JSON pointer into the settings.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}
