//! A rehearsal: a bundled plugin is told settings and asked at once. Nothing is frozen, compiled or kept, so many settings
//! can be tried in the time that one image takes; each settings have an instance of their own.
//!
//! Decisions are never made this way: here one instance answers many reviews.

use wasmtime::Store;
use wasmtime::component::Component;

use super::contract::{self, Description, GuestSupply, GuestVerdict, WitGuest};
use super::engine::{Engine, Sandbox};
use super::failure::{CallFailure, LoadFailure};
use super::freeze::{Guest, check_settings, checked};

/// A component, compiled without settings.
pub struct Rehearsal<'h> {
    engine: &'h Engine,
    component: Component,
    description: Description,
}

impl std::fmt::Debug for Rehearsal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rehearsal")
            .field("name", &self.description.name)
            .finish_non_exhaustive()
    }
}

/// The same with settings.
pub struct Rehearsed<'h> {
    guest: Guest<'h>,
}

impl std::fmt::Debug for Rehearsed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rehearsed").finish_non_exhaustive()
    }
}

impl<'h> Rehearsal<'h> {
    pub(super) fn of(engine: &'h Engine, component: &[u8]) -> Result<Rehearsal<'h>, LoadFailure> {
        let component = checked(engine, component)?;
        let description = Guest::start(engine, &component)?.describe()?;
        Ok(Rehearsal {
            engine,
            component,
            description,
        })
    }

    /// An instance with settings, JSON text.
    ///
    /// # Errors
    /// [`LoadFailure::Settings`] with all that is wrong with them; how `configure` broke.
    pub fn with(&self, settings: &str) -> Result<Rehearsed<'h>, LoadFailure> {
        check_settings(&self.description, settings)?;
        let mut guest = Guest::start(self.engine, &self.component)?;
        guest.configure(settings)?;
        Ok(Rehearsed { guest })
    }
}

impl Rehearsed<'_> {
    /// Asks for values to fill in.
    ///
    /// # Errors
    /// How the call broke; the instance is then of no more use.
    pub fn supply(&mut self, review: &str) -> Result<Vec<GuestSupply>, CallFailure> {
        let supplied = self.ask(|rule, store| rule.call_supply(store, review))?;
        contract::supplies(supplied, self.guest.engine.limits().output_bytes)
    }

    /// Asks for a verdict.
    ///
    /// # Errors
    /// How the call broke; the instance is then of no more use.
    pub fn evaluate(&mut self, review: &str) -> Result<GuestVerdict, CallFailure> {
        let verdict = self.ask(|rule, store| rule.call_evaluate(store, review))?;
        contract::verdict(verdict, self.guest.engine.limits().output_bytes)
    }

    /// One call of the guest, under the limits that an instance of one call has.
    fn ask<T>(
        &mut self,
        call: impl FnOnce(&WitGuest, &mut Store<Sandbox>) -> wasmtime::Result<Result<T, String>>,
    ) -> Result<T, CallFailure> {
        let Guest {
            engine,
            store,
            plugin,
            ..
        } = &mut self.guest;
        store.set_hostcall_fuel(engine.limits().output_bytes);
        engine
            .call_in(store, |store| call(plugin.tollgate_policy_rule(), store))?
            .map_err(CallFailure::Refused)
    }
}
