//! Runs a rule natively, so that plugins are tested with plain `cargo test`.
//!
//! ```text
//! let rule = Harness::<SpotMix>::new(json!({"driver_on_demand": true}))?;
//! rule.evaluate(review(json!({"num_workers": 4}))).violates("azure_attributes.first_on_demand");
//! ```
//!
//! Every outcome is also held against what the contract asks of a verdict: messages are one lower-case sentence without
//! a full stop, and whatever crosses as JSON text is JSON.
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "assertions of tests"
)]

use std::marker::PhantomData;

pub use serde_json::{Value as Json, json};

use crate::{Configured, Rule, SettingProblem, Supplied, Undetermined, Verdict, Violation, contract};

/// A configured rule under test.
pub struct Harness<R> {
    configured: Configured<R>,
    rule: PhantomData<R>,
}

impl<R: Rule> Harness<R> {
    /// Configures the rule, as the host would.
    ///
    /// # Errors
    /// What the rule says of settings it cannot use.
    pub fn new(settings: Json) -> Result<Self, Vec<SettingProblem>> {
        let schema: Json = serde_json::from_str(R::SETTINGS_SCHEMA).expect("the settings schema is JSON");
        assert_eq!(
            schema["type"], "object",
            "the settings schema describes an object"
        );
        let configured = Configured::new();
        configured.configure(&settings.to_string())?;
        Ok(Harness {
            configured,
            rule: PhantomData,
        })
    }

    /// Judges a review.
    pub fn evaluate(&self, review: impl Into<Sample>) -> Outcome {
        let text = review.into().0.to_string();
        let verdict = contract::evaluate(&self.configured, &text).expect("the rule judges the review");
        Outcome::checked(verdict)
    }

    /// The values that the rule would fill in, as path and JSON text.
    pub fn supply(&self, review: impl Into<Sample>) -> Vec<Supplied> {
        let text = review.into().0.to_string();
        let supplied = contract::supply(&self.configured, &text).expect("the rule reads the review");
        assert!(
            R::SUPPLIES || supplied.is_empty(),
            "a rule that supplies says so in `SUPPLIES`"
        );
        supplied
    }
}

/// A review under construction: an all-purpose cluster on Azure, unless told otherwise.
#[derive(Clone)]
pub struct Sample(Json);

/// A review of this cluster request.
pub fn review(cluster: Json) -> Sample {
    Sample(json!({
        "action": "create",
        "at": "2026-10-01T00:00:00Z",
        "principal": null,
        "workload": "all-purpose",
        "cloud": "AZURE",
        "cluster": cluster,
    }))
}

impl Sample {
    /// `all-purpose`, `job` or `dlt`.
    pub fn workload(self, workload: &str) -> Self {
        self.with("workload", json!(workload))
    }

    /// `AZURE`, `AWS` or `GCP`.
    pub fn cloud(self, cloud: &str) -> Self {
        self.with("cloud", json!(cloud))
    }

    /// The instant of the review.
    pub fn at(self, at: &str) -> Self {
        self.with("at", json!(at))
    }

    /// Attributes whose values nobody knows yet.
    pub fn unknown(self, paths: &[&str]) -> Self {
        self.with("unknown", json!(paths))
    }

    /// What unknown attributes will refer to.
    pub fn references(self, references: Json) -> Self {
        self.with("references", references)
    }

    /// One fact, beside those given before.
    pub fn fact(mut self, name: &str, fact: Json) -> Self {
        self.0["facts"][name] = fact;
        self
    }

    fn with(mut self, key: &str, value: Json) -> Self {
        self.0[key] = value;
        self
    }
}

impl From<Json> for Sample {
    fn from(cluster: Json) -> Self {
        review(cluster)
    }
}

/// A verdict, with assertions.
#[derive(Debug)]
pub struct Outcome {
    /// What the rule objects to.
    pub violations: Vec<Violation>,
    /// What the rule could not judge.
    pub undetermined: Vec<Undetermined>,
}

impl Outcome {
    fn checked(verdict: Verdict) -> Self {
        for violation in &verdict.violations {
            assert_sentence(&violation.message);
            for json in [
                &violation.actual,
                &violation.allowed,
                &violation.remedy,
                &violation.details,
            ]
            .into_iter()
            .flatten()
            {
                assert!(serde_json::from_str::<Json>(json).is_ok(), "not JSON: {json}");
            }
        }
        verdict
            .undetermined
            .iter()
            .for_each(|undetermined| assert_sentence(&undetermined.message));
        Outcome {
            violations: verdict.violations,
            undetermined: verdict.undetermined,
        }
    }

    /// Asserts that nothing is objected to and everything was judged.
    pub fn allows(&self) {
        assert!(
            self.violations.is_empty() && self.undetermined.is_empty(),
            "{self:?}"
        );
    }

    /// Asserts that exactly one objection is raised, at this path, and gives it.
    pub fn violates(&self, path: &str) -> &Violation {
        match self.violations.as_slice() {
            [violation] if violation.path == path => violation,
            _ => panic!("expected one violation at `{path}`: {self:?}"),
        }
    }

    /// Asserts that nothing is objected to and that one thing, at this path, could not be judged.
    pub fn cannot_judge(&self, path: &str) -> &Undetermined {
        match (self.violations.as_slice(), self.undetermined.as_slice()) {
            ([], [undetermined]) if undetermined.path == path => undetermined,
            _ => panic!("expected `{path}` to be undetermined: {self:?}"),
        }
    }

    /// The paths objected to, sorted.
    pub fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<_> = self
            .violations
            .iter()
            .map(|violation| violation.path.as_str())
            .collect();
        paths.sort_unstable();
        paths
    }
}

impl Violation {
    /// The remedy, parsed; `null` if there is none.
    pub fn remedy_json(&self) -> Json {
        self.remedy.as_deref().map_or(Json::Null, |text| {
            serde_json::from_str(text).expect("the remedy is JSON")
        })
    }

    /// What is allowed, parsed; `null` if it is not said.
    pub fn allowed_json(&self) -> Json {
        self.allowed.as_deref().map_or(Json::Null, |text| {
            serde_json::from_str(text).expect("what is allowed is JSON")
        })
    }
}

fn assert_sentence(message: &str) {
    let lower = !message.starts_with(char::is_uppercase);
    assert!(
        lower && !message.is_empty() && !message.ends_with('.'),
        "not a lower-case sentence without full stop: {message}"
    );
}
