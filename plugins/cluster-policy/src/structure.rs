//! What the API refuses whatever the definition says, and how many clusters a principal may have.

use tollgate_policy_language::Rule;
use tollgate_policy_language::attribute::NOT_ONE_SIZE;
use tollgate_sdk::json::Null;
use tollgate_sdk::{Value, Verdict, Violation, allowed};

use crate::dialect::Structure;
use crate::prepared::Prepared;
use crate::situation::Situation;

/// What the API itself would refuse of the completed request.
pub(crate) fn check(situation: &Situation<'_>, definition: Option<&Prepared>, verdict: &mut Verdict) {
    runtime(situation, verdict);
    if situation.dialect.structure == Structure::Check {
        sizes(situation, definition, verdict);
        pools(situation, definition, verdict);
    }
}

/// Aliases belong into policies.
fn runtime(situation: &Situation<'_>, verdict: &mut Verdict) {
    let Some(found) = situation.given("spark_version") else {
        return;
    };
    let Some(key) = found
        .text()
        .filter(|key| key.is_empty() || key.starts_with("auto:"))
    else {
        return;
    };
    let message = match key.is_empty() {
        true => "`spark_version` is empty, a runtime key is required".to_owned(),
        false => format!("`spark_version` is `{key}`, an alias that only policies can use"),
    };
    let mut violation = Violation::new("spark_version", message).actual(found);
    if let Some(resolved) = situation.resolve(&key) {
        violation = violation.remedy("spark_version", resolved.as_ref());
    }
    violation.databricks_message = Some(format!("Invalid spark version {key}."));
    verdict.violate(violation);
}

fn sizes(situation: &Situation<'_>, definition: Option<&Prepared>, verdict: &mut Verdict) {
    let named: Vec<&str> = situation.sizes().collect();
    let Some(first) = named.first().filter(|_| named.len() > 1) else {
        return;
    };
    let at = if *first == "num_workers" {
        "num_workers"
    } else {
        "virtual_cluster_size"
    };
    let message = format!("`{}` are given, exactly one of them may be", named.join("`, `"));
    let mut violation = Violation::new(at, message);
    // What the policy demands stays: taken away, it would only be filled in again.
    let demanded = |size: &&&str| definition.is_some_and(|d| demands(d, size));
    let kept = named
        .iter()
        .find(demanded)
        .or(named.iter().find(|size| **size == "autoscale"));
    let kept = kept.unwrap_or(first);
    if named.iter().filter(demanded).count() < 2 {
        for superfluous in named.iter().filter(|size| *size != kept) {
            violation = violation.remedy(superfluous, Null);
        }
    }
    violation.databricks_message = Some(NOT_ONE_SIZE.into());
    verdict.violate(violation);
}

/// Whether the definition fills in an attribute, or something in it.
fn demands(definition: &Prepared, attribute: &str) -> bool {
    definition.elements.iter().any(|clause| {
        let path = &clause.element.path;
        let is_it = path
            .strip_prefix(attribute)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        is_it && (matches!(clause.element.rule, Rule::Fixed(_)) || clause.element.default.is_some())
    })
}

fn pools(situation: &Situation<'_>, definition: Option<&Prepared>, verdict: &mut Verdict) {
    let pool = situation
        .given("instance_pool_id")
        .map(|found| ("instance_pool_id", found));
    let driver_pool = situation
        .given("driver_instance_pool_id")
        .map(|found| ("driver_instance_pool_id", found))
        .or(pool);
    for (field, pool) in [("node_type_id", pool), ("driver_node_type_id", driver_pool)] {
        let (Some((pool, _)), Some(found)) = (pool, situation.given(field)) else {
            continue;
        };
        let message = format!("`{field}` is given beside a pool, which has its own node type");
        let mut violation = Violation::new(field, message)
            .actual(found)
            .allowed(allowed::absent());
        let demanded = |attribute: &str| definition.is_some_and(|d| demands(d, attribute));
        match (demanded(field), demanded(pool)) {
            (true, true) => {}
            (true, false) => violation = violation.remedy(pool, Null),
            (false, _) => violation = violation.remedy(field, Null),
        }
        violation.databricks_message = Some(format!(
            "The field '{field}' cannot be supplied when an instance pool ID is provided."
        ));
        verdict.violate(violation);
    }
}

/// The principal's active clusters under this policy.
pub(crate) fn clusters_per_user(
    situation: &Situation<'_>,
    policy_id: Option<&str>,
    most: u64,
    verdict: &mut Verdict,
) {
    let asked = situation.given("policy_id").and_then(Value::text);
    let policy_id = policy_id.or(asked.as_deref()).unwrap_or_default();
    let Some(active) = situation
        .review
        .fact("clusters")
        .and_then(|clusters| clusters.get("active_by_policy"))
    else {
        let message = "how many active clusters the principal has is not known; `tollgate check` takes --principal and --clusters";
        return verdict.undetermined("policy_id", message);
    };
    let active = active.get(policy_id).and_then(Value::integer).unwrap_or_default();
    if u64::try_from(active).is_ok_and(|active| active >= most) {
        let who = situation.review.principal();
        let who = who.as_deref().unwrap_or("the principal");
        let message =
            format!("`{who}` has `{active}` active clusters under this policy, at most `{most}` are allowed");
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let violation = Violation::new("policy_id", message).actual(active);
        verdict.violate(violation.allowed(allowed::member("max_clusters_per_user", most)));
    }
}
