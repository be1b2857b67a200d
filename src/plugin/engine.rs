//! The engine: one configuration of wasmtime, its epoch clock, and stores with their limits.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};
use wasmtime::component::Linker;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, ResourceLimiter, Store,
};

use super::failure::{CallFailure, LoadFailure, Seen};
use super::limits::{Limits, TICK_MS};

/// How instances get their memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allocation {
    /// Slots reserved beforehand: the quickest fresh instance. Needs about a terabyte of address space.
    Pooling,
    /// Memory mapped when needed: for the compiling process and for hosts whose address space is limited.
    OnDemand,
}

/// A configured engine with its clock.
#[derive(Clone)]
pub struct Engine {
    engine: wasmtime::Engine,
    linker: Linker<Sandbox>,
    limits: Limits,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What a store carries: the limits of its guest and what was refused.
#[derive(Debug)]
pub struct Sandbox {
    memory_limit: usize,
    table_limit: usize,
    memory_refused: Option<usize>,
}

impl ResourceLimiter for Sandbox {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let granted = desired <= self.memory_limit;
        if !granted {
            self.memory_refused = Some(desired);
        }
        Ok(granted)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_limit)
    }
}

impl Engine {
    /// An engine with pooling allocation; on demand where the pool cannot be reserved.
    ///
    /// # Errors
    /// [`LoadFailure::Host`] when the machine is not one that wasmtime compiles for.
    pub fn new(limits: Limits) -> Result<Engine, LoadFailure> {
        Engine::with(limits, Allocation::Pooling).or_else(|_| Engine::with(limits, Allocation::OnDemand))
    }

    /// An engine with the given allocation.
    ///
    /// # Errors
    /// [`LoadFailure::Host`] when the pool cannot be reserved or the machine is not supported.
    pub fn with(limits: Limits, allocation: Allocation) -> Result<Engine, LoadFailure> {
        let engine = wasmtime::Engine::new(&config(&limits, allocation)).map_err(host)?;
        start_clock(&engine);
        // Empty: no import is satisfied.
        Ok(Engine {
            linker: Linker::new(&engine),
            engine,
            limits,
        })
    }

    /// The limits of every store.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.engine
    }

    pub(super) fn linker(&self) -> &Linker<Sandbox> {
        &self.linker
    }

    /// What a compiled image depends on besides its source: wasmtime's version, its configuration, the CPU.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.engine.precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    }

    /// Runs a guest call in a store of its own and reads how it broke, if it did.
    pub(super) fn call<T>(
        &self,
        call: impl FnOnce(&mut Store<Sandbox>) -> wasmtime::Result<T>,
    ) -> Result<T, CallFailure> {
        let mut store = self.store();
        self.call_in(&mut store, call)
    }

    /// The same in a store that lives on.
    pub(super) fn call_in<T>(
        &self,
        store: &mut Store<Sandbox>,
        call: impl FnOnce(&mut Store<Sandbox>) -> wasmtime::Result<T>,
    ) -> Result<T, CallFailure> {
        store.set_epoch_deadline(self.limits.deadline_ticks());
        let started = Instant::now();
        call(store).map_err(|error| {
            let seen = Seen {
                elapsed: started.elapsed(),
                deadline_ms: self.limits.deadline_ms,
                memory_refused: store.data().memory_refused,
                memory_limit: self.limits.memory_bytes,
                output_limit: self.limits.output_bytes,
            };
            CallFailure::of(&error, &seen)
        })
    }

    /// A fresh store with every limit set.
    pub(super) fn store(&self) -> Store<Sandbox> {
        let limits = &self.limits;
        let sandbox = Sandbox {
            memory_limit: limits.memory_bytes,
            table_limit: limits.table_elements,
            memory_refused: None,
        };
        let mut store = Store::new(&self.engine, sandbox);
        store.limiter(|sandbox| sandbox);
        store.set_epoch_deadline(limits.deadline_ticks());
        store.set_hostcall_fuel(limits.output_bytes);
        store
    }
}

/// Any wasmtime error that is the host's own.
pub(super) fn host(error: impl std::fmt::Display) -> LoadFailure {
    LoadFailure::Host(format!("{error:#}"))
}

fn config(limits: &Limits, allocation: Allocation) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .max_wasm_stack(512 << 10)
        .memory_init_cow(true)
        // The same bits for the same review on every machine.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_wide_arithmetic(false);
    if allocation == Allocation::Pooling {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    }
    config
}

/// Sixteen instances at once, each with room for what a Python guest needs (38 core instances). Pages a guest
/// touched are kept and reset by page-map scan, which is what makes a fresh instance cheap.
fn pool(limits: &Limits) -> PoolingAllocationConfig {
    const SLOTS: u32 = 16;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SLOTS)
        .total_core_instances(SLOTS.saturating_mul(40))
        .total_memories(SLOTS.saturating_mul(2))
        .total_tables(SLOTS.saturating_mul(8))
        .max_core_instances_per_component(60)
        .max_memories_per_component(4)
        .max_tables_per_component(40)
        .max_memory_size(limits.memory_bytes.max(1 << 20))
        .table_elements(limits.table_elements.max(1_000))
        .max_component_instance_size(16 << 20)
        .max_core_instance_size(16 << 20)
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Advances the epoch every tick for as long as the engine lives.
fn start_clock(engine: &wasmtime::Engine) {
    let weak = engine.weak();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(TICK_MS));
            match weak.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    });
}
