//! A comparison: the same workload under several variants, side by side.
//!
//! The JSON is the [`Comparison`] object as it stands here: money is decimal text, times are whole seconds. Keys may be
//! added, never renamed.

mod text;

use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

pub use self::text::{markdown, text};
use crate::model::exact::{decimal_text, nano_to_decimal};
use crate::model::money::Currency;

/// Variants of one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// `scenario`: its name.
    pub scenario: String,
    /// `seed`: the same for all variants, so that what happens by chance happens to all of them alike.
    pub seed: u64,
    /// `currency`: that of all costs; none where nothing has a price.
    #[serde(serialize_with = "currency")]
    pub currency: Option<Currency>,
    /// `variants`: in the order asked for; differences are to the first.
    pub variants: Vec<Figures>,
}

/// What came of one variant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Figures {
    /// `variant`: its name.
    pub variant: String,
    /// `requests_allowed`
    pub requests_allowed: u64,
    /// `requests_denied`: by a policy, or undetermined; they do not run.
    pub requests_denied: u64,
    /// `cost`: in all.
    #[serde(serialize_with = "money")]
    pub cost: i128,
    /// `cost_by_category`: `dbu`, `vm`, `disk`, `network`, `storage`.
    #[serde(serialize_with = "money_by")]
    pub cost_by_category: BTreeMap<&'static str, i128>,
    /// `cost_of_idle_pools`: part of it, for instances that no cluster used.
    #[serde(serialize_with = "money")]
    pub cost_of_idle_pools: i128,
    /// `unpriced_usages`: usages without a price, which are in no cost.
    pub unpriced_usages: u64,
    /// `machine_seconds`: of all machines, idle ones in pools included.
    pub machine_seconds: i64,
    /// `spot_seconds`: part of them.
    pub spot_seconds: i64,
    /// `machines`: how many there were.
    pub machines: u64,
    /// `starts`: from the request for a cluster to RUNNING.
    pub starts: Waits,
    /// `failed_starts`: clusters that never came up.
    pub failed_starts: u64,
    /// `runs_succeeded`
    pub runs_succeeded: u64,
    /// `runs_failed`: failed, timed out.
    pub runs_failed: u64,
    /// `runs_skipped`: due while others went on.
    pub runs_skipped: u64,
    /// `runs_unfinished`: going on at the end.
    pub runs_unfinished: u64,
    /// `run_delay`: from the instant at which an attempt of a task was due to the beginning of its work.
    pub run_delay: Waits,
    /// `run_time`: from the instant at which a run was due to its end.
    pub run_time: Waits,
    /// `command_delay`: from sending a command to its beginning.
    pub command_delay: Waits,
    /// `commands_done`
    pub commands_done: u64,
    /// `commands_lost`: with their cluster.
    pub commands_lost: u64,
    /// `nodes_lost`: evicted or lost otherwise.
    pub nodes_lost: u64,
    /// `attempts_failed`: of tasks.
    pub attempts_failed: u64,
    /// `lost_task_seconds`: seconds that tasks had run and had to run again, or never did.
    pub lost_task_seconds: u64,
}

/// Times that something waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Waits {
    /// `count`: how many.
    pub count: u64,
    /// `total_seconds`: added up.
    pub total_seconds: i64,
    /// `median_seconds`: the smallest that half of them do not exceed (nearest rank).
    pub median_seconds: i64,
    /// `p95_seconds`: the smallest that 95 % of them do not exceed.
    pub p95_seconds: i64,
    /// `max_seconds`
    pub max_seconds: i64,
}

impl Waits {
    /// Of single times, in any order.
    pub fn of(mut seconds: Vec<i64>) -> Waits {
        seconds.sort_unstable();
        let rank = |percent: usize| {
            let rank = seconds.len().saturating_mul(percent).div_ceil(100);
            seconds.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        Waits {
            count: u64::try_from(seconds.len()).unwrap_or(u64::MAX),
            total_seconds: seconds.iter().fold(0, |sum, s| sum.saturating_add(*s)),
            median_seconds: rank(50),
            p95_seconds: rank(95),
            max_seconds: seconds.last().copied().unwrap_or_default(),
        }
    }
}

/// One row per figure, one column per variant; exact.
///
/// # Errors
/// What the writer says, which memory alone can cause.
pub fn csv(comparison: &Comparison) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns: Vec<serde_json::Value> = comparison
        .variants
        .iter()
        .map(|v| serde_json::to_value(v).map_err(|e| e.to_string()))
        .collect::<Result<_, _>>()?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (i, column) in columns.iter().enumerate() {
        for (key, text) in flat("", column) {
            match rows.iter_mut().find(|r| r.first() == Some(&key)) {
                Some(row) => {
                    row.resize(i.saturating_add(1), String::new());
                    row.push(text);
                }
                None => {
                    let mut row = vec![key];
                    row.resize(i.saturating_add(1), String::new());
                    row.push(text);
                    rows.push(row);
                }
            }
        }
    }
    let width = columns.len().saturating_add(1);
    for mut row in rows {
        row.resize(width, String::new());
        writer.write_record(&row).map_err(|e| e.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}

/// The leaves of an object with the keys that lead to them.
fn flat(prefix: &str, value: &serde_json::Value) -> Vec<(String, String)> {
    match value {
        serde_json::Value::Object(object) => object
            .iter()
            .flat_map(|(key, value)| {
                let key = if prefix.is_empty() {
                    key.clone()
                } else {
                    format!("{prefix}.{key}")
                };
                flat(&key, value)
            })
            .collect(),
        serde_json::Value::String(text) => vec![(prefix.to_owned(), text.clone())],
        other => vec![(prefix.to_owned(), other.to_string())],
    }
}

/// An amount in 10^-9 as decimal text. Sums of a comparison fit 64 bits like those of a ledger.
fn amount(nano: i128) -> String {
    decimal_text(nano_to_decimal(i64::try_from(nano).unwrap_or(i64::MAX)))
}

fn money<S: Serializer>(nano: &i128, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&amount(*nano))
}

fn money_by<S: Serializer>(by: &BTreeMap<&'static str, i128>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(by.iter().map(|(k, v)| (k, amount(*v))))
}

fn currency<S: Serializer>(currency: &Option<Currency>, to: S) -> Result<S::Ok, S::Error> {
    currency.map(|c| c.to_string()).serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_ranked() {
        // Twenty times, 1 to 20: half of them do not exceed 10, 95 % do not exceed 19.
        let waits = Waits::of((1..=20).rev().collect());
        assert_eq!(
            waits,
            Waits {
                count: 20,
                total_seconds: 210,
                median_seconds: 10,
                p95_seconds: 19,
                max_seconds: 20
            }
        );
        assert_eq!(Waits::of(Vec::new()), Waits::default());
        assert_eq!(Waits::of(vec![7]).p95_seconds, 7);
    }

    fn figures(variant: &str, vm: i128, delay: Vec<i64>) -> Figures {
        Figures {
            variant: variant.to_owned(),
            cost: vm,
            cost_by_category: BTreeMap::from([("vm", vm)]),
            run_delay: Waits::of(delay),
            ..Figures::default()
        }
    }

    fn two() -> Comparison {
        Comparison {
            scenario: "s".to_owned(),
            seed: 7,
            currency: Some(Currency::USD),
            variants: vec![
                figures("base", 1_500_000_000, vec![240, 240]),
                figures("pool", 2_000_000_000, vec![30, 30]),
            ],
        }
    }

    #[test]
    fn the_json_is_exact() {
        let json = serde_json::to_value(two()).unwrap();
        assert_eq!(json["currency"], "USD");
        assert_eq!(json["variants"][1]["cost_by_category"]["vm"], "2");
        assert_eq!(json["variants"][0]["cost"], "1.5");
    }

    #[test]
    fn csv_has_a_column_per_variant() {
        let csv = csv(&two()).unwrap();
        assert!(csv.starts_with("variant,base,pool\n"), "{csv}");
        assert!(csv.contains("\ncost_by_category.vm,1.5,2\n"), "{csv}");
        assert!(csv.contains("\nrun_delay.median_seconds,240,30\n"), "{csv}");
    }

    #[test]
    fn text_for_people() {
        insta::assert_snapshot!(text(&two()));
    }

    #[test]
    fn markdown_for_a_wiki() {
        insta::assert_snapshot!(markdown(&two()));
    }
}
