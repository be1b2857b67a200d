//! Where installations of Databricks may differ: the questions of the README's table that have a setting.

use serde::Deserialize;

/// The answers; by default those of the table.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dialect {
    pub missing_fixed: Missing,
    pub missing_with_default: Tolerance,
    pub optional_defaults: Filling,
    pub missing_number: MissingNumber,
    pub missing_entries: Missing,
    pub unknown_attributes: Unknown,
    pub enum_aliases: Aliases,
    pub structure: Structure,
}

/// What becomes of an omitted attribute with a fixed value.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Missing {
    #[default]
    Fill,
    Deny,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tolerance {
    #[default]
    Deny,
    Allow,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Filling {
    #[default]
    Fill,
    Leave,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MissingNumber {
    #[default]
    Deny,
    Zero,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unknown {
    #[default]
    Judge,
    Ignore,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Structure {
    #[default]
    Check,
    Ignore,
}

/// Whether the two names of a security mode are one.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(crate) struct Aliases(pub bool);

impl Default for Aliases {
    fn default() -> Self {
        Aliases(true)
    }
}
