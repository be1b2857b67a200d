//! The timeline of one start of a cluster: what happened when, on which machine, and what was billed from when on. And the
//! machines whose bill ends after they did.

use comfy_table::{CellAlignment, Table, presets};
use serde::{Serialize, Serializer};
use std::fmt::Write;

use super::decision::one_line;
use crate::model::period::{Instant, rfc3339};

/// One start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// `cluster_name`
    pub cluster_name: String,
    /// `cluster_id`
    pub cluster_id: String,
    /// `began_as`: CREATING, STARTING or RESTARTING.
    pub began_as: &'static str,
    /// `requested`: when it was asked for.
    #[serde(serialize_with = "instant")]
    pub requested: Instant,
    /// `running`: when it was RUNNING; none if it never was.
    #[serde(serialize_with = "maybe_instant")]
    pub running: Option<Instant>,
    /// `steps`: in order of time.
    pub steps: Vec<TimelineStep>,
}

/// A step of a start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineStep {
    /// `node`: `driver`, `worker-1`, or none for a step of the whole cluster.
    pub node: Option<String>,
    /// `step`
    pub step: &'static str,
    /// `start`
    #[serde(serialize_with = "instant")]
    pub start: Instant,
    /// `end`
    #[serde(serialize_with = "instant")]
    pub end: Instant,
    /// `billed`: what is billed for the node during the step: `none`, `vm`.
    pub billed: &'static str,
}

/// A machine, or a disk of it, that is billed for longer than it lived: in whole increments, or for a minimum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BilledBeyond {
    /// `resource`: the machine, or its disk.
    pub resource: String,
    /// `meter`
    pub meter: String,
    /// `launched`
    #[serde(serialize_with = "instant")]
    pub launched: Instant,
    /// `gone`
    #[serde(serialize_with = "instant")]
    pub gone: Instant,
    /// `billed_until`
    #[serde(serialize_with = "instant")]
    pub billed_until: Instant,
}

/// As a table: how long each lived, and up to when it is billed. Nothing where there are none.
pub fn billed_beyond_text(all: &[BilledBeyond]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut out = String::from("\nBilled for longer than they lived, by the increments of their meters:\n\n");
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["machine", "meter", "gone", "billed until", "lived s", "billed s"]);
    for one in all {
        let seconds = |until: Instant| (until - one.launched).num_seconds().to_string();
        table.add_row([
            one_line(&one.resource),
            one_line(&one.meter),
            rfc3339(one.gone),
            rfc3339(one.billed_until),
            seconds(one.gone),
            seconds(one.billed_until),
        ]);
    }
    for column in 4..6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.to_string().lines() {
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

impl Timeline {
    /// As a table: offsets from the request, and a bar of time.
    pub fn text(&self) -> String {
        let mut out = format!(
            "{} ({}) {} at {}\n\n",
            one_line(&self.cluster_name),
            one_line(&self.cluster_id),
            self.began_as,
            rfc3339(self.requested)
        );
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["from", "to", "s", "node", "step", "billed", ""]);
        let last = self
            .steps
            .iter()
            .map(|s| s.end)
            .chain(self.running)
            .max()
            .unwrap_or(self.requested);
        let whole = self.offset(last).max(1);
        for step in &self.steps {
            let (from, to) = (self.offset(step.start), self.offset(step.end));
            table.add_row([
                clock(from),
                clock(to),
                (to.saturating_sub(from)).to_string(),
                step.node.clone().unwrap_or_else(|| "cluster".to_owned()),
                step.step.to_owned(),
                step.billed.to_owned(),
                bar(from, to, whole),
            ]);
        }
        if let Some(running) = self.running {
            let from = self.offset(running);
            let row = [clock(from), String::new(), String::new(), "cluster".to_owned()];
            let rest = [
                "RUNNING".to_owned(),
                "vm + dbu".to_owned(),
                format!("{}|", " ".repeat(BAR)),
            ];
            table.add_row(row.into_iter().chain(rest));
        }
        for column in 0..3 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for line in table.to_string().lines() {
            let _ = writeln!(out, "{}", line.trim_end());
        }
        let _ = match self.running {
            Some(running) => writeln!(
                out,
                "\nRUNNING after {} s. A machine is billed from the moment it is asked for, DBUs from RUNNING on.",
                self.offset(running)
            ),
            None => writeln!(out, "\nIt never was RUNNING: no DBU is billed."),
        };
        out
    }

    fn offset(&self, at: Instant) -> i64 {
        (at - self.requested).num_seconds()
    }
}

/// Characters of a bar.
const BAR: usize = 40;

fn clock(seconds: i64) -> String {
    format!("+{}:{:02}", seconds / 60, seconds.rem_euclid(60))
}

fn bar(from: i64, to: i64, whole: i64) -> String {
    let width = i64::try_from(BAR).unwrap_or(1);
    let at = |s: i64| {
        usize::try_from(s.saturating_mul(width) / whole)
            .unwrap_or_default()
            .min(BAR)
    };
    let (start, end) = (at(from), at(to).max(at(from).saturating_add(1)));
    format!("{}{}", " ".repeat(start), "#".repeat(end.saturating_sub(start)))
}

fn instant<S: Serializer>(at: &Instant, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&rfc3339(*at))
}

fn maybe_instant<S: Serializer>(at: &Option<Instant>, to: S) -> Result<S::Ok, S::Error> {
    at.map(rfc3339).serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::period::parse_instant;

    fn at(seconds: u32) -> Instant {
        parse_instant(&format!("2026-10-01T08:{:02}:{:02}Z", seconds / 60, seconds % 60)).unwrap()
    }

    #[test]
    fn a_start_is_drawn_over_time() {
        let step = |node: &str, step, from, to| TimelineStep {
            node: Some(node.to_owned()),
            step,
            start: at(from),
            end: at(to),
            billed: "vm",
        };
        let timeline = Timeline {
            cluster_name: "adhoc".to_owned(),
            cluster_id: "1001-080000-abcdefgh".to_owned(),
            began_as: "CREATING",
            requested: at(0),
            running: Some(at(200)),
            steps: vec![
                step("driver", "allocate", 0, 100),
                step("worker-1", "allocate", 0, 150),
                step("driver", "driver_boot", 100, 200),
            ],
        };
        insta::assert_snapshot!(timeline.text());
        assert_eq!(
            serde_json::to_value(&timeline).unwrap()["steps"][1]["end"],
            "2026-10-01T08:02:30Z"
        );
    }

    #[test]
    fn what_is_billed_for_longer_is_shown_with_both_lengths() {
        assert_eq!(billed_beyond_text(&[]), "");
        let one = BilledBeyond {
            resource: "00000000abcd".to_owned(),
            meter: "vm/AWS/ap-northeast-1/m5.xlarge/on_demand".to_owned(),
            launched: at(0),
            gone: at(45),
            billed_until: at(60),
        };
        insta::assert_snapshot!(billed_beyond_text(&[one]));
    }
}
