//! The review: what a rule is shown, as JSON text.

use serde::Serialize;
use serde_json::Value;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::facts::Facts;
use crate::model::period::{Instant, rfc3339};
use crate::model::place::{Cloud, Workload};
use crate::model::unknown::Unknown;

/// Everything about a request that is not the cluster itself.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The instant of the decision.
    pub at: Instant,
    /// Who asks, if known.
    pub principal: Option<&'a str>,
    /// What the cluster is for.
    pub workload: Workload,
    /// Where it would run.
    pub cloud: Cloud,
    /// What is not known yet.
    pub unknown: &'a Unknown,
    /// Rules say how their verdicts came about.
    pub trace: bool,
}

/// Reviews of one request: the parts are written once, and put together for each rule with the facts that its
/// plugin asked for.
#[derive(Debug)]
pub struct Reviews {
    head: String,
    facts: Arc<Facts>,
    estimate: OnceCell<String>,
    nodes: OnceCell<String>,
    runtime: OnceCell<String>,
    runtime_aliases: OnceCell<String>,
    clusters: OnceCell<String>,
    pools: OnceCell<String>,
    cost_change: OnceCell<String>,
}

impl Reviews {
    /// Writes the parts.
    ///
    /// # Errors
    /// None in practice: every part is made of text and numbers.
    pub fn new(
        circumstances: &Circumstances<'_>,
        cluster: &Value,
        facts: Arc<Facts>,
    ) -> Result<Reviews, serde_json::Error> {
        #[derive(Serialize)]
        struct Head<'a> {
            action: &'static str,
            at: String,
            principal: Option<&'a str>,
            workload: &'static str,
            cloud: Cloud,
            #[serde(skip_serializing_if = "<[String]>::is_empty")]
            unknown: &'a [String],
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            references: &'a BTreeMap<String, String>,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            trace: bool,
            cluster: &'a Value,
        }
        let head = Head {
            action: "create",
            at: rfc3339(circumstances.at),
            principal: circumstances.principal,
            workload: circumstances.workload.cluster_type(),
            cloud: circumstances.cloud,
            unknown: &circumstances.unknown.paths,
            references: &circumstances.unknown.references,
            trace: circumstances.trace,
            cluster,
        };
        let mut head = serde_json::to_string(&head)?;
        head.pop();
        Ok(Reviews {
            head,
            facts,
            estimate: OnceCell::new(),
            nodes: OnceCell::new(),
            runtime: OnceCell::new(),
            runtime_aliases: OnceCell::new(),
            clusters: OnceCell::new(),
            pools: OnceCell::new(),
            cost_change: OnceCell::new(),
        })
    }

    /// The review with some facts.
    pub fn with(&self, asked: &[String]) -> String {
        let mut text = String::with_capacity(self.head.len().saturating_add(512));
        text.push_str(&self.head);
        text.push_str(",\"facts\":{");
        let mut first = true;
        for name in asked {
            let fact = match name.as_str() {
                "estimate" => self.estimate.get_or_init(|| estimate(&self.facts)),
                "nodes" => self.nodes.get_or_init(|| json(&self.facts.nodes)),
                "runtime" => self.runtime.get_or_init(|| json(&self.facts.runtime)),
                "runtime_aliases" => {
                    let aliases = &self.runtime_aliases;
                    aliases.get_or_init(|| json(&*self.facts.runtime_aliases))
                }
                "pools" => self.pools.get_or_init(|| json(&self.facts.pools)),
                "cost_change" => self.cost_change.get_or_init(|| cost_change(&self.facts)),
                "clusters" => self.clusters.get_or_init(|| json(&self.facts.clusters)),
                _ => continue,
            };
            if !first {
                text.push(',');
            }
            first = false;
            text.push('"');
            text.push_str(name);
            text.push_str("\":");
            text.push_str(fact);
        }
        text.push_str("}}");
        text
    }
}

/// The fact `estimate`: sums without their lines.
fn estimate(facts: &Facts) -> String {
    use crate::model::estimate::{NodeEstimate, SizeEstimate};
    use crate::model::exact::decimal_text;
    #[derive(Serialize)]
    struct Size {
        nodes: Option<u32>,
        dbu_per_hour: Option<String>,
        cost_per_hour: Option<String>,
    }
    #[derive(Serialize)]
    struct Form<'a> {
        currency: crate::model::money::Currency,
        driver: &'a NodeEstimate,
        #[serde(skip_serializing_if = "Option::is_none")]
        worker: &'a Option<NodeEstimate>,
        min: Size,
        max: Size,
        unpriced: &'a [String],
    }
    let size = |s: &SizeEstimate| Size {
        nodes: s.nodes,
        dbu_per_hour: s.dbu_per_hour.map(decimal_text),
        cost_per_hour: s.cost_per_hour.map(decimal_text),
    };
    let e = &facts.estimate;
    json(&Form {
        currency: e.currency,
        driver: &e.driver,
        worker: &e.worker,
        min: size(&e.min),
        max: size(&e.max),
        unpriced: &e.unpriced,
    })
}

/// The fact `cost_change`.
fn cost_change(facts: &Facts) -> String {
    use crate::model::cost_change::Range;
    use crate::model::exact::decimal_text;
    #[derive(Serialize)]
    struct Ends {
        min: Option<String>,
        max: Option<String>,
    }
    #[derive(Serialize)]
    struct Sides {
        before: Ends,
        after: Ends,
    }
    #[derive(Serialize)]
    struct Form {
        currency: crate::model::money::Currency,
        hours_per_month: Option<String>,
        per_hour: Sides,
        per_month: Sides,
        #[serde(skip_serializing_if = "Option::is_none")]
        total_per_hour: Option<Sides>,
        #[serde(skip_serializing_if = "Option::is_none")]
        total_per_month: Option<Sides>,
        #[serde(skip_serializing_if = "Option::is_none")]
        total_unknown: Option<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        total_unknown_per_hour: Option<usize>,
    }
    let ends = |range: Range| Ends {
        min: range.min.map(decimal_text),
        max: range.max.map(decimal_text),
    };
    let sides = |(before, after): (Range, Range)| Sides {
        before: ends(before),
        after: ends(after),
    };
    let form = facts.cost_change.as_ref().map(|c| Form {
        currency: c.currency,
        hours_per_month: c.hours_per_month.map(decimal_text),
        per_hour: sides(c.per_hour),
        per_month: sides(c.per_month),
        total_per_hour: c.total.map(|t| sides((t.before_per_hour, t.after_per_hour))),
        total_per_month: c.total.map(|t| sides((t.before_per_month, t.after_per_month))),
        total_unknown: c.total.map(|t| t.unknown),
        total_unknown_per_hour: c.total.map(|t| t.unknown_per_hour),
    });
    json(&form)
}

/// JSON text of a part. Facts are text, numbers and lists of them, which cannot fail to be written; `null`
/// would make every rule that needs the fact say so.
fn json(part: &impl Serialize) -> String {
    serde_json::to_string(part).unwrap_or_else(|_| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::estimate::{Estimate, NodeEstimate, SizeEstimate};
    use crate::model::facts::{
        ClustersFact, NodeFact, NodesFact, PoolsFact, RuntimeAliasesFact, RuntimeFact,
    };
    use crate::model::money::Currency;
    use crate::model::period::from_unix;

    fn facts(clusters: Option<ClustersFact>) -> Facts {
        let size = || SizeEstimate {
            nodes: Some(1),
            ..SizeEstimate::UNKNOWN
        };
        Facts {
            nodes: NodesFact {
                driver: NodeFact::default(),
                worker: None,
            },
            runtime: RuntimeFact::default(),
            runtime_aliases: Arc::new(RuntimeAliasesFact {
                latest: vec!["17.3.x-scala2.13".to_owned()],
                ..RuntimeAliasesFact::default()
            }),
            estimate: Estimate {
                currency: Currency::USD,
                at: from_unix(0),
                min: size(),
                max: size(),
                driver: NodeEstimate::UNKNOWN,
                worker: None,
                unpriced: Vec::new(),
                unknown: Vec::new(),
            },
            clusters,
            pools: PoolsFact::default(),
            cost_change: None,
        }
    }

    /// The text of the facts that a rule asks for.
    fn written(facts: Facts, asked: &[&str]) -> String {
        let circumstances = Circumstances {
            at: from_unix(0),
            principal: None,
            workload: Workload::Job,
            cloud: Cloud::Azure,
            unknown: &crate::model::unknown::NOTHING,
            trace: false,
        };
        let reviews = Reviews::new(&circumstances, &Value::Null, Arc::new(facts)).unwrap();
        let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
        let text = reviews.with(&asked);
        let (_, facts) = text.split_once(",\"facts\":").unwrap();
        facts.strip_suffix('}').unwrap().to_owned()
    }

    #[test]
    fn aliases_are_written_in_a_fixed_order_and_only_where_asked_for() {
        assert_eq!(
            written(facts(None), &["runtime_aliases"]),
            concat!(
                r#"{"runtime_aliases":{"auto:latest":["17.3.x-scala2.13"],"auto:latest-ml":[],"auto:latest-lts":[],"#,
                r#""auto:latest-lts-ml":[],"auto:prev-major":[],"auto:prev-major-ml":[],"auto:prev-lts":[],"#,
                r#""auto:prev-lts-ml":[]}}"#
            )
        );
        assert_eq!(written(facts(None), &[]), "{}");
    }

    #[test]
    fn clusters_that_nobody_counted_are_null() {
        assert_eq!(written(facts(None), &["clusters"]), r#"{"clusters":null}"#);
        let active_by_policy = [("ABC123".to_owned(), 2)].into_iter().collect();
        assert_eq!(
            written(facts(Some(ClustersFact { active_by_policy })), &["clusters"]),
            r#"{"clusters":{"active_by_policy":{"ABC123":2}}}"#
        );
    }

    #[test]
    fn there_is_a_text_for_every_fact() {
        use crate::model::facts::NAMES;
        let text = written(facts(None), &NAMES);
        let value: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(value.keys().map(String::as_str).collect::<Vec<_>>(), NAMES);
    }
}
