//! Rows of the billable usage log (legacy): `timestamp` is the END of the hour, tags are JSON in a cell, `sku` is looked up.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

use super::moment::moment;
use super::table::{Cells, Table, Taker, read as read_table};
use crate::databricks::legacy_usage::{LegacyUsage, sku_of};
use crate::model::exact::parse_json_number;
use crate::model::period::{Period, SECONDS_PER_HOUR, from_unix};
use crate::model::rows::{Codes, Input};

const TABLE: Table = Table {
    codes: Codes {
        empty: "usage::empty",
        syntax: "usage::syntax",
        not_a_row: "usage::not-usage",
        what: "rows of the billable usage log",
        forms: "expected rows of the billable usage log as CSV with a header, JSON or Parquet; `tollgate ingest billing-usage` reads system.billing.usage",
    },
    column: "usage::column",
    marks: &["workspaceId", "timestamp", "sku", "dbus"],
};

/// Reads a source: `usage::*`, `file::*`. `skus` says what names are called that are not known. The answer is whether it was such a
/// log.
pub fn read(
    source: &str,
    input: Input,
    skus: &BTreeMap<String, String>,
    take: &mut Taker<'_, LegacyUsage>,
) -> bool {
    read_table(source, input, &TABLE, &|cells| usage(cells, skus), take)
}

fn usage(cells: &mut Cells<'_>, skus: &BTreeMap<String, String>) -> Option<LegacyUsage> {
    let workspace_id = cells.needed("workspaceId", "an id", |text| Some(text.to_owned()));
    let expected = "the end of an hour, `2019-02-22T09:59:59.999Z`";
    let hour = cells.needed("timestamp", expected, |text| hour_before(moment(text)?));
    let sku_name = sku_name(cells, skus);
    // A double: small ones are written with an exponent.
    let dbus = cells.needed(
        "dbus",
        "a decimal number of at most 28 digits, not below 0",
        |text| parse_json_number(text).ok().filter(|dbus| *dbus >= Decimal::ZERO),
    );
    let custom = cells.texts("clusterCustomTags");
    let all = cells.texts("tags");
    let text = |column: &str| cells.text(column).to_owned();
    let owner = match text("clusterOwnerUserName") {
        name if name.is_empty() => text("clusterOwnerUserId"),
        name => name,
    };
    Some(LegacyUsage {
        cluster_id: text("clusterId"),
        cluster_name: text("clusterName"),
        node_type_id: text("clusterNodeType"),
        owner,
        tags: if all.is_empty() { custom } else { all },
        workspace_id: workspace_id?,
        hour: hour?,
        sku_name: sku_name?,
        dbus: dbus?,
    })
}

/// The hour that ends at an instant: within its last second, or as the next one begins.
fn hour_before(end: DateTime<Utc>) -> Option<Period> {
    let last = end.timestamp_millis().checked_sub(1)?.div_euclid(1_000);
    if last.rem_euclid(SECONDS_PER_HOUR) != SECONDS_PER_HOUR.saturating_sub(1) {
        return None;
    }
    let next = last.saturating_add(1);
    Period::new(from_unix(next.saturating_sub(SECONDS_PER_HOUR)), from_unix(next))
}

fn sku_name(cells: &mut Cells<'_>, skus: &BTreeMap<String, String>) -> Option<String> {
    let sku = cells.needed("sku", "a SKU, `STANDARD_JOBS_COMPUTE`", |text| {
        Some(text.to_owned())
    })?;
    let found = skus.get(&sku).cloned().or_else(|| sku_of(&sku));
    if found.is_none() {
        let message = format!(
            "found `{sku}`, which no price list has; name the SKU that it is billed under with --sku {sku}=SKU"
        );
        cells.wrong("usage::sku", "sku", message);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::period::parse_instant;
    use proptest::prelude::*;
    use std::ops::ControlFlow;

    fn rows(text: &str) -> Vec<Result<LegacyUsage, Vec<(&'static str, String)>>> {
        let mut rows = Vec::new();
        let skus = BTreeMap::from([(
            "STANDARD_AUTOMATED_OPSEC".to_owned(),
            "PREMIUM_JOBS_COMPUTE".to_owned(),
        )]);
        super::read("l.csv", Input::of(text), &skus, &mut |told| {
            rows.push(
                told.map(|taken| taken.row)
                    .map_err(|rejected| rejected.problems.into_iter().map(|p| (p.code, p.path)).collect()),
            );
            ControlFlow::Continue(())
        });
        rows
    }

    #[test]
    fn the_hour_is_the_one_that_ends() {
        let hour = |text: &str| hour_before(moment(text).unwrap()).map(|hour| hour.start);
        let nine = parse_instant("2019-02-22T09:00:00Z").ok();
        for end in [
            "2019-02-22T09:59:59.999Z",
            "2019-02-22T10:00:00Z",
            "2019-02-22T09:59:59.001Z",
        ] {
            assert_eq!(hour(end), nine, "{end}");
        }
        for other in [
            "2019-02-22T09:00:00.001Z",
            "2019-02-22T09:30:00Z",
            "2019-02-22T09:59:58.999Z",
        ] {
            assert_eq!(hour(other), None, "{other}");
        }
    }

    #[test]
    fn a_row_is_read_and_an_unknown_sku_is_told() {
        let rows = rows(concat!(
            "workspaceId,timestamp,clusterId,clusterCustomTags,sku,dbus,clusterOwnerUserId\n",
            "1,2019-02-22T09:59:59.999Z,c-1,\"{\"\"dept\"\":\"\"fin\"\"}\",STANDARD_JOBS_COMPUTE,1.5E-3,7\n",
            "1,2019-02-22T09:59:59.999Z,c-1,,STANDARD_AUTOMATED_OPSEC,8,7\n",
            "1,2019-02-22T09:59:59.999Z,c-1,,STANDARD_AUTOMATED_NON_OPSEC,8,7\n",
            ",2019-02-22T09:30:00Z,c-1,x,STANDARD_JOBS_COMPUTE,-8,7\n",
        ));
        let first = rows[0].as_ref().unwrap();
        assert_eq!(
            (first.dbus.to_string(), first.tags["dept"].as_str()),
            ("0.0015".to_owned(), "fin")
        );
        assert_eq!((first.owner.as_str(), first.hour.seconds()), ("7", 3_600));
        assert_eq!(rows[1].as_ref().unwrap().sku_name, "PREMIUM_JOBS_COMPUTE");
        assert_eq!(rows[2].as_ref().unwrap_err(), &[("usage::sku", "sku".to_owned())]);
        let columns: Vec<&str> = rows[3]
            .as_ref()
            .unwrap_err()
            .iter()
            .map(|(_, column)| column.as_str())
            .collect();
        assert_eq!(columns, ["workspaceId", "timestamp", "dbus", "clusterCustomTags"]);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC*", cell in "[\\[\\]{}\":,a-z0-9.eE+-]{0,40}") {
            rows(&text);
            rows(&format!("workspaceId,timestamp,sku,dbus\n1,{cell},S,{cell}\n{cell}\n"));
        }
    }
}
