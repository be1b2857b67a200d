//! Rows of `system.compute.node_timeline`: a node of a cluster, and the minute for which it was seen.
//!
//! A row has an instance, its node type, the cluster it is in and whether it is the driver; what it measured (CPU, memory, traffic) is
//! not read. Rows that make no sense as a minute are rejected, since a machine is billed from its first minute to its last.

use super::table::{Cells, Table, Taker, read as read_table};
use crate::model::period::{Period, SECONDS_PER_HOUR};
use crate::model::rows::{Codes, Input};

/// A node in a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeMinute {
    /// `workspace_id`.
    pub workspace_id: String,
    /// `cluster_id`.
    pub cluster_id: String,
    /// `instance_id`: the cloud's own id of the machine.
    pub instance_id: String,
    /// From `start_time` until `end_time`.
    pub period: Period,
    /// `driver`.
    pub is_driver: bool,
    /// `node_type`.
    pub node_type: String,
}

const TABLE: Table = Table {
    codes: Codes {
        empty: "node::empty",
        syntax: "node::syntax",
        not_a_row: "node::other-table",
        what: "rows of nodes",
        forms: "expected rows of system.compute.node_timeline as CSV with a header, JSON or Parquet",
    },
    column: "node::column",
    marks: &["cluster_id", "instance_id", "start_time", "end_time"],
};

/// Reads a table: `node::*`, `file::*`. The answer is whether it was one.
pub fn read(source: &str, input: Input, take: &mut Taker<'_, NodeMinute>) -> bool {
    read_table(source, input, &TABLE, &minute, take)
}

fn minute(cells: &mut Cells<'_>) -> Option<NodeMinute> {
    let id = |cells: &mut Cells<'_>, column: &str| {
        cells.needed(column, "an id", |text| {
            Some(text.trim().to_owned()).filter(|t| !t.is_empty())
        })
    };
    let (workspace_id, cluster_id) = (id(cells, "workspace_id"), id(cells, "cluster_id"));
    let node_type = id(cells, "node_type");
    // Resources of the ledger are named by it, behind a slash.
    let instance_id = cells.needed("instance_id", "an id without `/`", |text| {
        Some(text.trim().to_owned()).filter(|t| !t.is_empty() && !t.contains('/'))
    });
    let is_driver = cells.needed("driver", "true or false", |text| {
        text.trim().to_ascii_lowercase().parse().ok()
    });
    let period = cells.period("start_time", "end_time");
    if let Some(period) = period.filter(|period| period.seconds() > SECONDS_PER_HOUR) {
        let message = format!("expected a minute, an hour at most, found {period}");
        cells.wrong(TABLE.column, "end_time", message);
    }
    Some(NodeMinute {
        workspace_id: workspace_id?,
        cluster_id: cluster_id?,
        instance_id: instance_id?,
        period: period?,
        is_driver: is_driver?,
        node_type: node_type?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    fn told(text: &str) -> Vec<String> {
        let mut told = Vec::new();
        read("n", Input::of(text), &mut |row| {
            told.push(match row {
                Ok(taken) => format!(
                    "{} {} {} {}",
                    taken.line, taken.row.instance_id, taken.row.is_driver, taken.row.period
                ),
                Err(rejected) => {
                    let of = |d: &crate::model::diagnostic::Diagnostic| format!("{} {}", d.code, d.path);
                    rejected.problems.iter().map(of).collect::<Vec<_>>().join("; ")
                }
            });
            ControlFlow::Continue(())
        });
        told
    }

    #[test]
    fn a_row_is_a_node_in_a_minute() {
        let header = "account_id,workspace_id,cluster_id,instance_id,start_time,end_time,driver,cpu_user_percent,node_type\n";
        let minute = "a,42,c-1,i-1,2026-10-01T00:00:00Z,2026-10-01T00:01:00Z";
        for (rest, expected) in [
            (
                format!("{minute},true,3.5,m5.xlarge"),
                "2 i-1 true [2026-10-01T00:00:00Z, 2026-10-01T00:01:00Z)",
            ),
            (format!("{minute},maybe,3.5,m5.xlarge"), "node::column driver"),
            (format!("{minute},false,3.5,"), "node::column node_type"),
            (
                format!("{minute},false,3.5,m5.xlarge").replace("00:01:00Z", "23:00:00Z"),
                "node::column end_time",
            ),
            (
                format!("{minute},false,3.5,m5.xlarge").replace("00:01:00Z", "00:00:00Z"),
                "node::column end_time",
            ),
            (
                format!("{minute},false,3.5,m5.xlarge").replace("00:01:00Z", "00:00:30.5Z"),
                "node::column end_time",
            ),
        ] {
            let found = told(&format!("{header}{rest}\n"));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(
                found[0].starts_with(&expected[..expected.len().min(20)]),
                "{found:?}"
            );
        }
        assert_eq!(told("")[0], "node::empty ");
        assert_eq!(told("cluster_id,change_time\nc,d\n")[0], "node::other-table ");
    }
}
