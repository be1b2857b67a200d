//! A row of `system.billing.usage`, as far as it decides what is billed and to whom.
//!
//! Columns and enums are those of the system table's reference (2026-01). A row is never changed: a correction is a RETRACTION,
//! the same row with the quantity negated, and where something remains a RESTATEMENT.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::event::spelled;
use crate::model::period::Period;
use crate::model::place::Cloud;

spelled! {
    /// `record_type`.
    RecordType {
        /// Told for the first time.
        Original = "ORIGINAL",
        /// Takes a row back.
        Retraction = "RETRACTION",
        /// Tells it anew.
        Restatement = "RESTATEMENT",
    }
}

/// A row of `system.billing.usage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingUsage {
    /// Names the row.
    pub record_id: String,
    /// `account_id`; empty where the export has none.
    pub account_id: String,
    /// `workspace_id`; empty for usage of no workspace.
    pub workspace_id: String,
    /// `sku_name`.
    pub sku_name: String,
    /// `cloud`.
    pub cloud: Cloud,
    /// From `usage_start_time` to `usage_end_time`.
    pub period: Period,
    /// `usage_quantity` in DBU, as written; negative for a RETRACTION.
    pub usage_quantity: Decimal,
    /// `record_type`.
    pub record_type: RecordType,
    /// `custom_tags`.
    pub custom_tags: BTreeMap<String, String>,
    /// What `usage_metadata` has a value for.
    pub usage_metadata: BTreeMap<String, String>,
    /// What `identity_metadata` has a value for.
    pub identity_metadata: BTreeMap<String, String>,
}

impl BillingUsage {
    /// The first of these members of `usage_metadata` that has a value; empty for none.
    pub fn metadata(&self, members: &[&str]) -> &str {
        let found = members.iter().find_map(|m| self.usage_metadata.get(*m));
        found.map_or("", String::as_str)
    }

    /// Who it is for: `run_as`, else `owned_by`, else `created_by`; empty where nobody is named.
    pub fn identity(&self) -> &str {
        let members = ["run_as", "owned_by", "created_by"];
        let found = members.iter().find_map(|m| self.identity_metadata.get(*m));
        found.map_or("", String::as_str)
    }
}
