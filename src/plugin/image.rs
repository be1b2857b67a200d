//! An image: a component with its settings inside, compiled and linked. Evaluating it makes a fresh
//! instance, asks once, and throws the instance away.

use wasmtime::component::Component;

use super::contract::{self, Description, GuestSupply, GuestVerdict, PolicyPluginPre};
use super::engine::{Engine, Sandbox, host};
use super::failure::{CallFailure, LoadFailure};

/// A rule, ready to be asked.
pub struct Image {
    engine: Engine,
    description: Description,
    plugin: PolicyPluginPre<Sandbox>,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image")
            .field("name", &self.description.name)
            .finish_non_exhaustive()
    }
}

impl Image {
    pub(super) fn link(
        engine: &Engine,
        component: &Component,
        description: Description,
    ) -> Result<Image, LoadFailure> {
        let pre = engine.linker().instantiate_pre(component).map_err(host)?;
        let plugin = PolicyPluginPre::new(pre).map_err(|e| LoadFailure::NotTheContract(format!("{e:#}")))?;
        Ok(Image {
            engine: engine.clone(),
            description,
            plugin,
        })
    }

    /// What the plugin says of itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Asks for values to fill in.
    ///
    /// # Errors
    /// How the call broke.
    pub fn supply(&self, review: &str) -> Result<Vec<GuestSupply>, CallFailure> {
        let answer = self.engine.call(|store| {
            let plugin = self.plugin.instantiate(&mut *store)?;
            plugin.tollgate_policy_rule().call_supply(store, review)
        })?;
        contract::supplies(
            answer.map_err(CallFailure::Refused)?,
            self.engine.limits().output_bytes,
        )
    }

    /// Asks for a verdict.
    ///
    /// # Errors
    /// How the call broke.
    pub fn evaluate(&self, review: &str) -> Result<GuestVerdict, CallFailure> {
        let answer = self.engine.call(|store| {
            let plugin = self.plugin.instantiate(&mut *store)?;
            plugin.tollgate_policy_rule().call_evaluate(store, review)
        })?;
        contract::verdict(
            answer.map_err(CallFailure::Refused)?,
            self.engine.limits().output_bytes,
        )
    }
}
