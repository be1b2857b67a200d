//! Tables that say what others name only by an id: pools and runs of jobs, each as it was at a time. Clusters are read by
//! [`super::cluster_records`].
//!
//! `system.compute.instance_pools` has a row per change, `system.lakeflow.job_run_timeline` one per run and hour. Only what a bill
//! shows, or hangs on, is read of them.

use super::moment::moment;
use super::table::{Cells, Table, Taker, read};
use crate::model::period::Instant;
use crate::model::rows::{Codes, Input};

/// A pool as it was from a change on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolVersion {
    /// `instance_pool_id`.
    pub instance_pool_id: String,
    /// `change_time`.
    pub since: Instant,
    /// `instance_pool_name`.
    pub instance_pool_name: String,
    /// `availability` of the cloud's attributes, verbatim; empty where they do not tell.
    pub availability: String,
}

/// The attributes of the clouds, and what each calls how its machines are bought.
const AVAILABILITY: [(&str, &str); 4] = [
    ("aws_attributes", "availability"),
    ("azure_attributes", "availability"),
    ("gcp_attributes", "gcp_availability"),
    ("gcp_attributes", "availability"),
];

/// A run of a job, as one of its rows tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRun {
    /// `job_id`.
    pub job_id: String,
    /// `run_id`.
    pub run_id: String,
    /// `period_start_time`.
    pub since: Instant,
    /// `run_name`.
    pub run_name: String,
}

const fn table(what: &'static str, forms: &'static str, marks: &'static [&'static str]) -> Table {
    Table {
        codes: Codes {
            empty: "context::empty",
            syntax: "context::syntax",
            not_a_row: "context::other-table",
            what,
            forms,
        },
        column: "context::column",
        marks,
    }
}

/// Reads rows of `system.compute.instance_pools`: `context::*`, `file::*`.
pub fn pools(source: &str, input: Input, take: &mut Taker<'_, PoolVersion>) {
    const TABLE: Table = table(
        "rows of pools",
        "expected rows of system.compute.instance_pools as CSV with a header, JSON or Parquet",
        &["instance_pool_id", "change_time"],
    );
    let version = |cells: &mut Cells<'_>| {
        let (instance_pool_id, since) = (id(cells, "instance_pool_id"), time(cells, "change_time"));
        Some(PoolVersion {
            instance_pool_name: cells.text("instance_pool_name").to_owned(),
            availability: availability(cells),
            instance_pool_id: instance_pool_id?,
            since: since?,
        })
    };
    read(source, input, &TABLE, &version, take);
}

/// Reads rows of `system.lakeflow.job_run_timeline`: `context::*`, `file::*`.
pub fn job_runs(source: &str, input: Input, take: &mut Taker<'_, JobRun>) {
    const TABLE: Table = table(
        "rows of runs",
        "expected rows of system.lakeflow.job_run_timeline as CSV with a header, JSON or Parquet",
        &["job_id", "run_id", "period_start_time"],
    );
    let run = |cells: &mut Cells<'_>| {
        let (job_id, run_id) = (id(cells, "job_id"), id(cells, "run_id"));
        let since = time(cells, "period_start_time");
        Some(JobRun {
            run_name: cells.text("run_name").to_owned(),
            job_id: job_id?,
            run_id: run_id?,
            since: since?,
        })
    };
    read(source, input, &TABLE, &run, take);
}

fn availability(cells: &mut Cells<'_>) -> String {
    let mut found = AVAILABILITY
        .iter()
        .filter_map(|(block, name)| cells.texts(block).remove(*name));
    found.next().unwrap_or_default()
}

fn id(cells: &mut Cells<'_>, column: &str) -> Option<String> {
    cells.needed(column, "an id", |text| Some(text.to_owned()))
}

fn time(cells: &mut Cells<'_>, column: &str) -> Option<Instant> {
    cells.needed(column, "a time, `2026-10-01T00:00:00Z`", moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::ops::ControlFlow;

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC*", cell in "[\\[\\]{}\":,a-z0-9.eE+-]{0,40}") {
            for text in [text, format!("cluster_id,change_time,instance_pool_id,job_id,run_id,period_start_time\n{cell},{cell},,,,\n")] {
                pools("x", Input::of(text.as_str()), &mut |_| ControlFlow::Continue(()));
                job_runs("x", Input::of(text.as_str()), &mut |_| ControlFlow::Continue(()));
            }
        }
    }
}
