//! Fields: what rules look at.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::model::meter::Meter;
use crate::model::usage::Subject;

/// Something that a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// A custom tag.
    Tag(String),
    /// The workspace's name.
    Workspace,
    /// `cluster_id`, or the warehouse, pipeline or endpoint that a bill names in its place.
    ClusterId,
    /// `cluster_name`.
    ClusterName,
    /// The job's name, or its id where nothing tells the name.
    JobName,
    /// The instance pool.
    Pool,
    /// The policy.
    Policy,
    /// Who created it, or whose usage it is.
    Owner,
    /// The cloud.
    Cloud,
    /// The class of what is billed: `dbu`, `vm`, `disk`, `network`, `storage`.
    Meter,
    /// What a bill calls the line: a SKU of DBUs, a VM size.
    Sku,
}

/// Names of the fields that are not tags.
const NAMED: [(&str, Field); 10] = [
    ("workspace", Field::Workspace),
    ("cluster_id", Field::ClusterId),
    ("cluster_name", Field::ClusterName),
    ("job_name", Field::JobName),
    ("pool", Field::Pool),
    ("policy", Field::Policy),
    ("owner", Field::Owner),
    ("cloud", Field::Cloud),
    ("meter", Field::Meter),
    ("sku", Field::Sku),
];

/// `workspace`, `tag.team`.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Field::Tag(key) = self {
            return write!(f, "tag.{key}");
        }
        let known = NAMED.iter().find(|(_, field)| field == self);
        f.write_str(known.map_or("", |(name, _)| name))
    }
}

/// A text that names no field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing that a rule can look at; expected `tag.KEY`, {expected}", expected = Field::names())]
pub struct NotAField(pub String);

impl FromStr for Field {
    type Err = NotAField;
    fn from_str(text: &str) -> Result<Field, NotAField> {
        if let Some(key) = text.strip_prefix("tag.").filter(|key| !key.is_empty()) {
            return Ok(Field::Tag(key.to_owned()));
        }
        let known = NAMED.iter().find(|(name, _)| *name == text);
        known
            .map(|(_, field)| field.clone())
            .ok_or_else(|| NotAField(text.to_owned()))
    }
}

impl Field {
    fn names() -> String {
        let names: Vec<String> = NAMED.iter().map(|(name, _)| format!("`{name}`")).collect();
        names.join(", ")
    }
}

/// What is asked: whose use of what. What is not told has no value.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    subject: &'a Subject,
    tags: BTreeMap<String, String>,
    /// Cloud, class of meter and SKU.
    billed: [Option<String>; 3],
}

impl<'a> Asked<'a> {
    /// Asks for a subject, whatever is billed.
    pub fn of(subject: &'a Subject) -> Asked<'a> {
        Asked {
            subject,
            tags: subject.tags.pairs(),
            billed: [None, None, None],
        }
    }

    /// Asks for its use of a meter.
    pub fn billed(self, meter: &Meter) -> Asked<'a> {
        let category = meter.category().as_str();
        self.told(Some(&meter.cloud.to_string()), Some(category), Some(&meter.sku()))
    }

    /// Asks for what is told of cloud, class of meter and SKU.
    pub fn told(mut self, cloud: Option<&str>, meter: Option<&str>, sku: Option<&str>) -> Asked<'a> {
        self.billed = [cloud, meter, sku].map(|text| text.map(str::to_owned));
        self
    }

    /// The value of a field without space around it; none where there is none.
    pub fn value(&self, field: &Field) -> Option<&str> {
        let [cloud, meter, sku] = &self.billed;
        let subject = self.subject;
        let text = match field {
            Field::Tag(key) => self.tags.get(key).map(String::as_str),
            Field::Workspace => Some(subject.workspace.as_str()),
            Field::ClusterId => Some(subject.cluster_id.as_str()),
            Field::ClusterName => Some(subject.cluster_name.as_str()),
            Field::JobName => Some(subject.job_name.as_str()),
            Field::Pool => Some(subject.pool.as_str()),
            Field::Policy => Some(subject.policy.as_str()),
            Field::Owner => Some(subject.owner.as_str()),
            Field::Cloud => cloud.as_deref(),
            Field::Meter => meter.as_deref(),
            Field::Sku => sku.as_deref(),
        };
        text.map(str::trim).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_read_back_what_they_are_called() {
        for (name, field) in NAMED {
            assert_eq!((name.parse(), field.to_string().as_str()), (Ok(field), name));
        }
        assert_eq!("tag.a.b".parse(), Ok(Field::Tag("a.b".to_owned())));
        for wrong in ["", "tag", "tag.", "team", "Workspace"] {
            assert_eq!(wrong.parse::<Field>(), Err(NotAField(wrong.to_owned())));
        }
    }
}
