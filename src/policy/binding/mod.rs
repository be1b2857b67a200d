//! Bindings: which policy judges a request that somebody else wrote.
//!
//! Comes in: bindings in their order, and what is seen of a request. Goes out: the first whose conditions all hold. What a
//! document does not tell is not there, and a condition on it does not hold. What it tells and nobody knows yet (a tag that
//! an apply will give) leaves a binding open; where the open ones and the first that holds would bind to the same policy, that
//! policy it is, and else nobody can say. Deliberately absent: the file they are read from, and requests.

mod reach;

use std::fmt;
use std::str::FromStr;

use crate::model::{glob, path_pattern};

pub use reach::{Reach, reach};

/// Bindings in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bindings {
    /// The bindings.
    pub bindings: Vec<Binding>,
    /// What it means that none matches a request that names no policy.
    pub unbound: Unbound,
    /// The file they stand in.
    pub source: String,
}

/// One binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The policy; none for guardrails alone.
    pub policy: Option<String>,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    /// Its line, from 1.
    pub line: usize,
}

/// What it means that nothing says which policy judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unbound {
    /// The request cannot be judged.
    Error,
    /// Guardrails alone judge it.
    #[default]
    Guardrails,
}

/// What something must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What is looked at.
    pub field: Field,
    /// Patterns, one of which must match.
    pub patterns: Vec<String>,
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// A workspace, as the file names it.
    Workspace,
    /// The target of a bundle.
    Target,
    /// The file that the request stands in.
    Path,
    /// What kind of cluster.
    Kind,
    /// The job or pipeline.
    Job,
    /// The cluster's name.
    Cluster,
    /// The policy that the request names.
    PolicyId,
    /// A tag of the cluster, or of its job.
    Tag(String),
}

/// What is seen of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// This.
    Known(String),
    /// It is there, and nobody knows it yet.
    Unknown,
    /// Nothing.
    Absent,
}

/// What bindings say of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound<'b> {
    /// This one decides.
    To(&'b Binding),
    /// Bindings to different policies may match, which hangs on this field.
    Open(&'b Binding, &'b Field),
    /// None matches.
    Nothing,
}

/// A condition, and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked<'b> {
    /// The condition.
    pub condition: &'b Condition,
    /// What was found.
    pub found: Seen,
    /// Whether it holds.
    pub holds: Holds,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// It does not.
    No,
    /// Nobody knows yet.
    Open,
    /// It does.
    Yes,
}

impl Bindings {
    /// The binding that decides.
    pub fn decide(&self, see: &dyn Fn(&Field) -> Seen) -> Bound<'_> {
        let mut open: Vec<(&Binding, &Field)> = Vec::new();
        let mut holding = None;
        for binding in &self.bindings {
            let looked = binding.look(see);
            match looked.iter().min_by_key(|looked| looked.holds) {
                Some(least) if least.holds == Holds::No => {}
                Some(least) if least.holds == Holds::Open => open.push((binding, &least.condition.field)),
                _ => {
                    holding = Some(binding);
                    break;
                }
            }
        }
        let otherwise = open
            .iter()
            .find(|(binding, _)| holding.is_none_or(|holding| holding.policy != binding.policy));
        match (otherwise, holding) {
            (Some((binding, field)), _) => Bound::Open(binding, field),
            (None, Some(holding)) => Bound::To(holding),
            (None, None) => Bound::Nothing,
        }
    }
}

impl Binding {
    /// Its conditions, each with what it finds.
    pub fn look(&self, see: &dyn Fn(&Field) -> Seen) -> Vec<Looked<'_>> {
        let conditions = self
            .conditions
            .iter()
            .map(|condition| (condition, see(&condition.field)));
        let look = |(condition, found): (_, Seen)| Looked {
            condition,
            holds: Condition::holds(condition, &found),
            found,
        };
        conditions.map(look).collect()
    }
}

impl Condition {
    fn holds(&self, found: &Seen) -> Holds {
        match found {
            Seen::Known(value) if self.matches(value) => Holds::Yes,
            Seen::Known(_) | Seen::Absent => Holds::No,
            Seen::Unknown => Holds::Open,
        }
    }

    fn matches(&self, value: &str) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| match self.field {
            Field::Path => path_pattern::matches(pattern, value),
            _ => glob::matches(pattern, value),
        })
    }

    /// Whether one of the patterns matches whatever a pattern matches.
    fn covers(&self, narrow: &str) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|wide| match self.field {
            Field::Path => path_pattern::covers(wide, narrow),
            _ => glob::matches(wide, narrow),
        })
    }
}

/// Names of the fields that are not tags.
const NAMED: [(&str, Field); 7] = [
    ("workspace", Field::Workspace),
    ("target", Field::Target),
    ("path", Field::Path),
    ("kind", Field::Kind),
    ("job", Field::Job),
    ("cluster", Field::Cluster),
    ("policy_id", Field::PolicyId),
];

/// A text that names no field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing that a binding can look at")]
pub struct NotAField(pub String);

impl FromStr for Field {
    type Err = NotAField;
    fn from_str(text: &str) -> Result<Field, NotAField> {
        let known = NAMED.iter().find(|(name, _)| *name == text);
        known
            .map(|(_, field)| field.clone())
            .ok_or_else(|| NotAField(text.to_owned()))
    }
}

/// `workspace`, `tags.team`.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Field::Tag(key) = self {
            return write!(f, "tags.{key}");
        }
        let known = NAMED.iter().find(|(_, field)| field == self);
        f.write_str(known.map_or("", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(policy: &str, conditions: &[(Field, &[&str])]) -> Binding {
        let conditions = conditions.iter().map(|(field, patterns)| Condition {
            field: field.clone(),
            patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
        });
        Binding {
            policy: Some(policy.to_owned()).filter(|p| p != "none"),
            conditions: conditions.collect(),
            line: 0,
        }
    }

    fn team() -> Field {
        Field::Tag("team".to_owned())
    }

    fn bindings() -> Bindings {
        Bindings {
            bindings: vec![
                binding(
                    "etl",
                    &[(Field::Path, &["teams/etl/**"]), (Field::Target, &["prod*"])],
                ),
                binding("data", &[(team(), &["data", "etl-*"])]),
                binding("none", &[(Field::Kind, &["cluster"]), (Field::Job, &["x"])]),
                binding("data", &[(Field::Cluster, &["d-*"])]),
            ],
            unbound: Unbound::Error,
            source: "tollgate.yaml".to_owned(),
        }
    }

    /// What the bindings decide where these fields are known and these unknown.
    fn decided(known: &[(Field, &str)], unknown: &[Field]) -> String {
        let see = |field: &Field| match known.iter().find(|(f, _)| f == field) {
            Some((_, value)) => Seen::Known((*value).to_owned()),
            None if unknown.contains(field) => Seen::Unknown,
            None => Seen::Absent,
        };
        match bindings().decide(&see) {
            Bound::To(binding) => binding.policy.clone().unwrap_or("guardrails".to_owned()),
            Bound::Open(_, field) => format!("open: {field}"),
            Bound::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn the_first_binding_whose_conditions_all_hold_decides() {
        let path = (Field::Path, "teams/etl/job.json");
        for (known, unknown, expected) in [
            (vec![path.clone(), (Field::Target, "prod-eu")], vec![], "etl"),
            // One condition of two is not enough; what is not there matches nothing.
            (vec![path.clone()], vec![], "nothing"),
            (vec![path.clone(), (team(), "etl-1")], vec![], "data"),
            (
                vec![(Field::Kind, "cluster"), (Field::Job, "x")],
                vec![],
                "guardrails",
            ),
            // Whatever the tag will be, nothing else says otherwise.
            (vec![(Field::Cluster, "d-1")], vec![team()], "data"),
            (vec![(Field::Cluster, "e-1")], vec![team()], "open: tags.team"),
            (
                vec![path.clone(), (team(), "data")],
                vec![Field::Target],
                "open: target",
            ),
            // A condition that fails for sure closes the binding.
            (
                vec![(Field::Path, "x"), (team(), "data")],
                vec![Field::Target],
                "data",
            ),
        ] {
            assert_eq!(decided(&known, &unknown), expected, "{known:?} {unknown:?}");
        }
    }

    #[test]
    fn fields_read_back_what_they_are_called() {
        for (name, field) in NAMED {
            assert_eq!((name.parse(), field.to_string().as_str()), (Ok(field), name));
        }
    }
}
