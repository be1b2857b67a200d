//! The review: what a rule is shown, as JSON text.

use serde::Serialize;
use serde_json::Value;
use std::cell::OnceCell;
use std::sync::Arc;

use crate::model::facts::Facts;
use crate::model::period::{Instant, rfc3339};
use crate::model::place::{Cloud, Workload};

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
    /// Attribute paths that are not known yet.
    pub unknown: &'a [String],
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
            workload: Workload,
            cloud: Cloud,
            #[serde(skip_serializing_if = "<[String]>::is_empty")]
            unknown: &'a [String],
            cluster: &'a Value,
        }
        let head = Head {
            action: "create",
            at: rfc3339(circumstances.at),
            principal: circumstances.principal,
            workload: circumstances.workload,
            cloud: circumstances.cloud,
            unknown: circumstances.unknown,
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
        nodes: u32,
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

/// JSON text of a part. Facts are text, numbers and lists of them, which cannot fail to be written; `null`
/// would make every rule that needs the fact say so.
fn json(part: &impl Serialize) -> String {
    serde_json::to_string(part).unwrap_or_else(|_| "null".to_owned())
}
