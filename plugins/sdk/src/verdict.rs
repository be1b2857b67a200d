//! Verdicts, built up sentence by sentence.

use crate::json::{ToJson, add_member};
use crate::{Reading, Supplied, SupplyKind, Undetermined, Verdict, Violation};

impl Verdict {
    /// Nothing to object to, so far.
    pub fn pass() -> Self {
        Verdict {
            violations: Vec::new(),
            undetermined: Vec::new(),
            details: None,
        }
    }

    /// Objects to something.
    pub fn violate(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// Says that something the rule needs is not known. One sentence, lower case, no full stop.
    pub fn undetermined(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.undetermined.push(Undetermined {
            path: path.into(),
            message: message.into(),
        });
    }

    /// Handles the readings that a rule cannot judge: an unknown value is undetermined, a value of the wrong type
    /// violates. Readings that a rule can judge ([`Reading::Is`], [`Reading::Absent`]) add nothing.
    pub fn unclear<T>(&mut self, path: &str, reading: &Reading<'_, T>) {
        match reading {
            Reading::Unknown => self.undetermined(path, format!("`{path}` is not known yet")),
            Reading::Wrong(misfit) => self.violate(
                Violation::new(
                    misfit.path.clone(),
                    format!(
                        "`{}` is `{}`, expected {}",
                        misfit.path,
                        excerpt(misfit.found.json()),
                        misfit.expected
                    ),
                )
                .actual(misfit.found),
            ),
            Reading::Is(_) | Reading::Absent => {}
        }
    }
}

/// The beginning of a text that may be long, for messages.
fn excerpt(text: &str) -> String {
    const SHOWN: usize = 80;
    match text
        .char_indices()
        .nth(SHOWN)
        .and_then(|(end, _)| text.get(..end))
    {
        Some(beginning) => format!("{beginning}…"),
        None => text.into(),
    }
}

impl Violation {
    /// An objection: the attribute's path and one sentence, lower case, no full stop, input in backticks.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Violation {
            path: path.into(),
            message: message.into(),
            databricks_message: None,
            actual: None,
            allowed: None,
            remedy: None,
            details: None,
        }
    }

    /// The value found.
    pub fn actual(mut self, value: impl ToJson) -> Self {
        self.actual = Some(value.to_json());
        self
    }

    /// The value found, where there is one.
    pub fn actual_if(self, value: Option<impl ToJson>) -> Self {
        match value {
            Some(value) => self.actual(value),
            None => self,
        }
    }

    /// What would pass, as JSON text made by [`allowed`](crate::allowed).
    pub fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    /// One change of the smallest set that makes this objection go away; [`Null`](crate::json::Null) removes.
    pub fn remedy(mut self, path: &str, value: impl ToJson) -> Self {
        add_member(&mut self.remedy, path, value);
        self
    }
}

impl Supplied {
    /// A value that the request must have.
    pub fn fixed(path: impl Into<String>, value: impl ToJson) -> Self {
        Supplied {
            path: path.into(),
            value: value.to_json(),
            kind: SupplyKind::Fixed,
        }
    }

    /// A value that the request gets if it gives none.
    pub fn default_value(path: impl Into<String>, value: impl ToJson) -> Self {
        Supplied {
            path: path.into(),
            value: value.to_json(),
            kind: SupplyKind::Default,
        }
    }
}
