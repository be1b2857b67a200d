//! Which binding decides, and why, for people and for machines.

use serde::Serialize;
use std::fmt::Write;

use super::decision::one_line;

/// Requests and what bindings say of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bindings {
    /// The file that the bindings stand in.
    pub file: String,
    /// The requests, in the order of the input.
    pub requests: Vec<BoundRequest>,
}

/// A request and the bindings that were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoundRequest {
    /// File, or `-`.
    pub source: String,
    /// Where inside; null for the whole file.
    pub address: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// First line.
    pub line: usize,
    /// What decides.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The bindings, up to the one that decides.
    pub bindings: Vec<BindingLooked>,
}

/// What decides which policy judges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "decided_by")]
pub enum Verdict {
    /// A binding.
    Binding {
        /// Its policy; `none` for guardrails alone.
        policy: String,
        /// Its line.
        line: usize,
    },
    /// Nobody knows yet: a binding may match.
    Open {
        /// Its line.
        line: usize,
        /// What is not known.
        field: String,
    },
    /// No binding matches: the request names its policy.
    Request {
        /// As the request names it; null where that is not known yet.
        policy: Option<String>,
    },
    /// Neither: guardrails alone judge.
    Guardrails,
    /// Neither, and the file says that this is an error.
    Unbound,
}

/// A binding that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BindingLooked {
    /// Its policy; `none` for guardrails alone.
    pub policy: String,
    /// Its line.
    pub line: usize,
    /// Whether it matches: `yes`, `no`, `unknown`.
    pub holds: &'static str,
    /// Its conditions.
    pub conditions: Vec<ConditionLooked>,
}

/// A condition and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionLooked {
    /// What was looked at.
    pub field: String,
    /// Patterns, one of which must match.
    pub patterns: Vec<String>,
    /// What was found; null where nothing is there, or nobody knows yet.
    pub found: Option<String>,
    /// Whether it holds: `yes`, `no`, `unknown`.
    pub holds: &'static str,
}

impl Bindings {
    /// Whether it is known of every request which policy judges it.
    pub fn is_clear(&self) -> bool {
        let mut verdicts = self.requests.iter().map(|request| &request.verdict);
        verdicts.all(|verdict| !matches!(verdict, Verdict::Open { .. } | Verdict::Unbound))
    }

    /// As a person reads it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for request in &self.requests {
            let address = request
                .address
                .as_ref()
                .map_or(String::new(), |address| format!(", {address}"));
            let name = request.name.as_deref().unwrap_or("(no name)");
            let place = format!("{}:{}{address}", request.source, request.line);
            let says = self.says(&request.verdict);
            let _ = writeln!(out, "{}  ({}): {says}", one_line(name), one_line(&place));
            for binding in &request.bindings {
                let matches = match binding.holds {
                    "yes" => "matches",
                    "no" => "does not match",
                    _ => "may match",
                };
                let _ = writeln!(out, "  line {}, {}: {matches}", binding.line, binding.policy);
                for condition in &binding.conditions {
                    let _ = writeln!(out, "    {}", condition.text());
                }
            }
        }
        out
    }

    fn says(&self, verdict: &Verdict) -> String {
        let file = &self.file;
        match verdict {
            Verdict::Binding { policy, line } if policy == "none" => {
                format!("guardrails alone, by {file}:{line}")
            }
            Verdict::Binding { policy, line } => format!("{policy}, by {file}:{line}"),
            Verdict::Open { line, field } => {
                format!("nobody knows yet, since {file}:{line} asks for `{field}`")
            }
            Verdict::Request { policy: Some(policy) } => format!("{}, which it names", one_line(policy)),
            Verdict::Request { policy: None } => "the policy that it will name".to_owned(),
            Verdict::Guardrails => "guardrails alone, since nothing is said of it".to_owned(),
            Verdict::Unbound => "nothing is said of it, which is an error".to_owned(),
        }
    }
}

impl ConditionLooked {
    fn text(&self) -> String {
        let found = match (&self.found, self.holds) {
            (Some(found), _) => format!("is `{}`", one_line(found)),
            (None, "unknown") => "is not known yet".to_owned(),
            (None, _) => "is nothing".to_owned(),
        };
        let wanted: Vec<String> = self.patterns.iter().map(|p| format!("`{p}`")).collect();
        let mark = match self.holds {
            "unknown" => "?",
            word => word,
        };
        format!("{mark:<3} {} {found}, wanted {}", self.field, wanted.join(" or "))
    }
}
