//! Check: remedies, policies that requests name, and input of many requests.

use serde_json::json;
use tollgate::model::decision::Outcome;
use tollgate::model::place::Workload;
use tollgate::ops::check::{CheckOptions, Checked, check};
use tollgate::ops::files::Text;
use tollgate::ops::judge::PlaceOptions;
use tollgate::ops::policies::{Policies, PolicySource};
use tollgate::ops::prices::catalogue;
use tollgate::plugin::limits::Limits;

use crate::bench::in_process;

fn checked(text: &str, policy: Option<&str>) -> Checked {
    let host = in_process(Limits {
        deadline_ms: 2_000,
        ..Limits::default()
    });
    let mut policies = Policies::open(&PolicySource::Bundled, &host).unwrap();
    let options = CheckOptions {
        policy: policy.map(str::to_owned),
        place: PlaceOptions {
            region: Some("westus2".to_owned()),
            ..PlaceOptions::default()
        },
        workload: Workload::Job,
        at: tollgate::model::period::parse_instant("2026-10-01").unwrap(),
        principal: None,
        read: Default::default(),
        clusters: None,
        admission: Default::default(),
        against: None,
        usage: None,
    };
    let source = Text {
        below: None,
        source: "r.json".to_owned(),
        text: text.to_owned(),
    };
    check(
        vec![source],
        &mut policies,
        &mut catalogue(&[]).unwrap(),
        &options,
    )
    .unwrap()
}

fn request(workers: u32, policy: Option<&str>) -> serde_json::Value {
    json!({"cluster_name": "n", "spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_D8s_v3",
        "num_workers": workers, "policy_id": policy, "custom_tags": {"team": "a", "cost_center": "CC-1000"},
        "azure_attributes": {"availability": "SPOT_WITH_FALLBACK_AZURE", "first_on_demand": 1}})
}

#[test]
fn of_two_remedies_for_one_attribute_the_stricter_is_priced() {
    // 41 nodes x 1.5 DBU = 61.5: `size` says 20 workers, `burn-rate` would be content with 39.
    let found = checked(&request(40, Some("etl-jobs")).to_string(), None);
    let [answer] = found.answers.as_slice() else {
        panic!("one answer")
    };
    assert_eq!(answer.decision.violations.len(), 2);
    let remedied = answer.remedied.as_ref().unwrap();
    // 21 x 1.5 x 0.30 = 9.45, driver 0.384, 20 x 0.041 = 0.82.
    assert_eq!(
        (remedied.max.nodes, remedied.max.cost_per_hour),
        (Some(21), Some("10.654".parse().unwrap()))
    );
    let passing = checked(&request(20, Some("etl-jobs")).to_string(), None);
    assert_eq!(passing.answers[0].decision.outcome, Outcome::Allow);
    assert!(passing.answers[0].remedied.is_none());
}

#[test]
fn the_policy_named_by_the_request_judges_and_the_flag_outranks_it() {
    let named = checked(&request(25, Some("etl-jobs")).to_string(), None);
    assert_eq!(named.answers[0].decision.violations[0].by.policy, "etl-jobs");
    let flagged = checked(&request(25, Some("etl-jobs")).to_string(), Some("baseline"));
    assert_eq!(
        flagged.answers[0].decision.outcome,
        Outcome::Allow,
        "guardrails alone have nothing against it"
    );
    let unknown = checked(&request(2, Some("etl-job")).to_string(), None);
    assert!(unknown.answers.is_empty());
    assert_eq!(unknown.problems.0[0].code, "policy::unknown");
}

#[test]
fn many_requests_are_answered_in_their_order_on_every_core() {
    let lines: Vec<String> = (0..200)
        .map(|i| request(1 + i % 30, Some("etl-jobs")).to_string())
        .collect();
    let found = checked(&lines.join("\n"), None);
    assert_eq!(found.answers.len(), 200);
    for (i, answer) in found.answers.iter().enumerate() {
        assert_eq!(answer.request.line, i + 1);
        let expected = if i % 30 < 20 {
            Outcome::Allow
        } else {
            Outcome::Deny
        };
        assert_eq!(answer.decision.outcome, expected, "{i}");
    }
}
