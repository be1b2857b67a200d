//! The JSON Schemas of all that people write and programs read.

use crate::intake::cost_centres;
use crate::intake::requests::usage_file;
use crate::lifecycle::scenario;
use crate::policy::{case, configuration, document, waiver};
use crate::report::check::json as check;

/// A schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedSchema {
    /// What people ask for it by.
    pub name: &'static str,
    /// What it describes.
    pub describes: &'static str,
    /// Its text, draft 2020-12.
    pub text: &'static str,
}

/// All of them, by name.
pub const SCHEMAS: [NamedSchema; 12] = [
    NamedSchema {
        name: "billing-increments",
        describes: "how the time of a machine is rounded, for --prices",
        text: include_str!("../../pricing/schema/billing_increments.schema.json"),
    },
    NamedSchema {
        name: "cases",
        describes: "cases.yaml: requests with the decision they must get",
        text: case::SCHEMA,
    },
    NamedSchema {
        name: "check",
        describes: "what `tollgate check --format json` and `json-report` print",
        text: check::SCHEMA,
    },
    NamedSchema {
        name: "configuration",
        describes: "tollgate.yaml: policies, bindings, workspaces, waivers of a repository",
        text: configuration::SCHEMA,
    },
    NamedSchema {
        name: "contract",
        describes: "discounts, agreed prices, commitments, for --prices",
        text: include_str!("../../pricing/schema/contract.schema.json"),
    },
    NamedSchema {
        name: "cost-centres",
        describes: "rules that say who owes",
        text: cost_centres::SCHEMA,
    },
    NamedSchema {
        name: "node-rates",
        describes: "DBU rates of node types, for --prices",
        text: include_str!("../../pricing/schema/node_rates.schema.json"),
    },
    NamedSchema {
        name: "policy",
        describes: "policy.yaml: rules and their settings",
        text: document::SCHEMA,
    },
    NamedSchema {
        name: "price-book",
        describes: "prices of meters, for --prices",
        text: include_str!("../../pricing/schema/price_book.schema.json"),
    },
    NamedSchema {
        name: "scenario",
        describes: "scenario.yaml: what `tollgate simulate` lives through",
        text: scenario::SCHEMA,
    },
    NamedSchema {
        name: "usage",
        describes: "usage.yaml: how long things run, for costs per month",
        text: usage_file::SCHEMA,
    },
    NamedSchema {
        name: "waivers",
        describes: "waivers.yaml: dated and reasoned exceptions",
        text: waiver::SCHEMA,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::Schema;

    #[test]
    fn every_schema_is_one_and_stands_in_the_order_of_its_name() {
        for schema in &SCHEMAS {
            Schema::parse(schema.text).unwrap_or_else(|e| panic!("{}: {e}", schema.name));
        }
        assert!(SCHEMAS.is_sorted_by_key(|schema| schema.name));
    }
}
