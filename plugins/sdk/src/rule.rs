//! The trait that a plugin implements, and the place where its configured form lives.

use std::sync::OnceLock;

use serde::de::DeserializeOwned;

use crate::{Review, SettingProblem, Supplied, Verdict, settings};

/// A policy rule: settings in, verdicts out.
pub trait Rule: Sized + Send + Sync {
    /// Lower-case words joined by hyphens, as policies name the plugin.
    const NAME: &str;
    /// Semantic version of the plugin; usually `env!("CARGO_PKG_VERSION")`.
    const VERSION: &str;
    /// The manual page in Markdown; usually `include_str!("../manual.md")`.
    const DOCUMENTATION: &str;
    /// JSON Schema of the settings; usually `include_str!("../settings.schema.json")`.
    const SETTINGS_SCHEMA: &str;
    /// The facts that reviews must carry: `clusters`, `estimate`, `nodes`, `runtime`, `runtime_aliases`.
    const FACTS: &[&str] = &[];
    /// Whether [`supply`](Rule::supply) has anything to say; when false it is never called.
    const SUPPLIES: bool = false;

    /// The settings as written in a policy. Use `#[serde(deny_unknown_fields)]`.
    type Settings: DeserializeOwned;

    /// Turns settings into the rule, doing now whatever evaluations should not do again.
    ///
    /// # Errors
    /// Every setting that the schema admits and the rule cannot use.
    fn configure(settings: Self::Settings) -> Result<Self, Vec<SettingProblem>>;

    /// Values that the rule wants in the request before it is judged.
    fn supply(&self, _review: &Review<'_>) -> Vec<Supplied> {
        Vec::new()
    }

    /// Judges one review.
    fn evaluate(&self, review: &Review<'_>) -> Verdict;
}

/// The configured rule of a guest: empty until `configure`, then frozen with the guest's memory.
pub struct Configured<R>(OnceLock<R>);

impl<R: Rule> Configured<R> {
    /// The state before `configure`.
    pub const fn new() -> Self {
        Configured(OnceLock::new())
    }

    /// Reads settings and keeps the rule they make.
    ///
    /// # Errors
    /// What is wrong with the settings; a second call, because an image holds one configuration.
    pub fn configure(&self, settings: &str) -> Result<(), Vec<SettingProblem>> {
        let rule = settings::configure::<R>(settings)?;
        self.0
            .set(rule)
            .map_err(|_| vec![SettingProblem::new("", "already configured")])
    }

    /// The rule.
    ///
    /// # Errors
    /// `configure` was not called, or refused its settings.
    pub fn rule(&self) -> Result<&R, String> {
        self.0.get().ok_or_else(|| "not configured".into())
    }
}

impl<R: Rule> Default for Configured<R> {
    fn default() -> Self {
        Configured::new()
    }
}
