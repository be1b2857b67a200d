//! What a guest may use.

use serde::{Deserialize, Serialize};

/// Limits of one sandbox. Each has a default that bundled plugins stay far below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Milliseconds one call may take, default 250: a thousand times what a rule needs, and still bearable at
    /// an API. Measured in ticks of [`TICK_MS`], so a call may run up to one tick longer.
    pub deadline_ms: u64,
    /// Bytes of linear memory, default 32 MiB.
    pub memory_bytes: usize,
    /// Elements of one table, default 10,000.
    pub table_elements: usize,
    /// Bytes a guest may hand over in one answer, default 256 KiB. A small guest can otherwise claim gigabytes
    /// by pointing at one text again and again.
    pub output_bytes: usize,
    /// Bytes of a component before it is compiled, default 32 MiB (a Python guest has 18).
    pub component_bytes: usize,
    /// Seconds of CPU that compiling an untrusted component may take in its own process, default 30.
    pub compile_cpu_seconds: u64,
    /// Bytes of memory that process may write to, default 4 GiB.
    pub compile_memory_bytes: u64,
}

/// Length of an epoch tick in milliseconds.
pub const TICK_MS: u64 = 5;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            deadline_ms: 250,
            memory_bytes: 32 << 20,
            table_elements: 10_000,
            output_bytes: 256 << 10,
            component_bytes: 32 << 20,
            compile_cpu_seconds: 30,
            compile_memory_bytes: 4 << 30,
        }
    }
}

impl Limits {
    /// The deadline in ticks, at least one.
    pub fn deadline_ticks(&self) -> u64 {
        self.deadline_ms.div_ceil(TICK_MS).max(1)
    }
}
