//! How many clusters a user may have, by the scenario itself.

use super::*;
use crate::plugin::cache::ImageCache;

/// Two clusters of a user, under a policy without an id and one with.
const POLICIES: [(&str, &str); 2] = [
    (
        "team",
        "policy: team\nrules:\n  - { rule: definition, plugin: cluster-policy, settings: { definition: {}, max_clusters_per_user: 2 } }\n",
    ),
    (
        "known",
        "policy: known\nrules:\n  - { rule: definition, plugin: cluster-policy, settings: { definition: {}, max_clusters_per_user: 2, policy_id: P1 } }\n",
    ),
];

/// A cluster of 2026-10-01 from `create_at` on, with more of its fields.
fn of(name: &str, principal: &str, create_at: &str, more: &str) -> String {
    format!(
        "  - {{ name: {name}, workspace: lake, principal: {principal}, policy: team, create_at: \"2026-10-01T{create_at}:00Z\",\n\
         \x20     request: {{ spark_version: 15.4.x-scala2.12, node_type_id: Standard_DS3_v2, num_workers: 1 }}{more} }}\n"
    )
}

struct Desk {
    folder: tempfile::TempDir,
    host: Host,
}

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        for (name, policy) in POLICIES {
            std::fs::write(folder.path().join(format!("{name}.policy.yaml")), policy).unwrap();
        }
        let cache = ImageCache::open(&folder.path().join("images")).unwrap();
        let host = Host::new(Limits::default(), Compiler::InProcess, Some(cache)).unwrap();
        Desk { folder, host }
    }

    /// What is denied, in the order of the scenario.
    fn denied(&self, clusters: &[String], jobs: &str) -> Vec<String> {
        let text = format!(
            "scenario: limits\nseed: 1\nperiod: {{ start: 2026-10-01, end: 2026-10-02 }}\n\
             workspaces:\n  - {{ name: lake, cloud: AZURE, region: westus2, tier: PREMIUM }}\n\
             \x20 - {{ name: pond, cloud: AZURE, region: westus2, tier: PREMIUM }}\nclusters:\n{}{jobs}",
            clusters.concat()
        );
        let scenario = Scenario::parse(Document::parse("s.yaml", &text).unwrap(), Vec::new()).unwrap();
        let admission =
            admitted_by(&scenario, self.folder.path(), &self.host).unwrap_or_else(|e| panic!("{e}"));
        let judged = admission.judged.into_iter().map(|j| j.judged);
        let denied = judged.filter(|j| j.decision.outcome != Outcome::Allow).map(|j| {
            let violations: Vec<_> = j.decision.violations.iter().map(|v| v.message.clone()).collect();
            let known = "` active clusters under this policy, at most `2` are allowed";
            assert!(violations.iter().all(|v| v.ends_with(known)), "{violations:?}");
            j.name
        });
        denied.collect()
    }
}

#[test]
fn the_third_cluster_of_a_user_is_denied_unless_an_earlier_one_is_gone() {
    let desk = Desk::new();
    let a = |more: &str| of("a", "ana", "08:00", more);
    let b = of("b", "ana", "09:00", "");
    let c = of("c", "ana", "10:00", "");
    let commands = |calls: &str| format!(", commands: [ {calls} ]");
    let delete = "{ at: 2026-10-01T09:30:00Z, do: delete }";
    let start = "{ at: 2026-10-01T09:40:00Z, do: start }";
    let forever = "{ at: 2026-10-01T09:30:00Z, do: permanent-delete }";
    let used = |start: &str| format!(", sessions: [ {{ on: 2026-10-01, start: \"{start}\", minutes: 5 }} ]");
    for (first, third_is_denied) in [
        (a(""), true),
        (a(", terminate_at: \"2026-10-01T09:30:00Z\""), false),
        // At the same instant, the termination comes first.
        (a(", terminate_at: \"2026-10-01T10:00:00Z\""), false),
        (a(", terminate_at: \"2026-10-01T10:00:01Z\""), true),
        (a(&commands(forever)), false),
        (a(&commands(delete)), false),
        // It is started again before, by its user or by a session; or after.
        (a(&commands(&format!("{delete}, {start}"))), true),
        (a(&(commands(delete) + &used("09:45"))), true),
        (a(&(commands(delete) + &used("10:00"))), false),
        // That it ends by itself is not known beforehand.
        (a(&used("08:00")), true),
    ] {
        let expected: &[&str] = if third_is_denied { &["c"] } else { &[] };
        let denied = desk.denied(&[first.clone(), b.clone(), c.clone()], "");
        assert_eq!(denied, expected, "{first}");
        // It is the order of time that counts, not that of the scenario.
        assert_eq!(desk.denied(&[c.clone(), b.clone(), first], ""), expected);
    }
}

#[test]
fn what_counts_is_what_the_user_has_under_the_policy_in_the_workspace() {
    let desk = Desk::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| of(name, "ana", "08:00", ""));
    // Others have clusters of their own; a name in capitals is the same user.
    let ben = of("ben", "ben", "09:00", "");
    let loud = of("loud", "ANA", "09:00", "");
    assert_eq!(desk.denied(&[a.clone(), b.clone(), ben, loud], ""), ["loud"]);
    // What is denied is not there, and what is elsewhere or under another policy is not here.
    let pond = of("p", "ana", "08:00", "").replace("lake", "pond");
    let other = of("o", "ana", "08:00", "").replace("policy: team", "policy: known");
    let d = of("d", "ana", "11:00", "");
    assert_eq!(
        desk.denied(&[pond, other, a.clone(), b.clone(), c.clone(), d.clone()], ""),
        ["c", "d"]
    );
    // An edit makes no cluster more. One that moves the cluster to a policy whose limit is reached is denied.
    let edit = |patch: &str| format!(", commands: [ {{ at: 2026-10-01T12:00:00Z, edit: {patch} }} ]");
    let edited = of("e", "ana", "08:00", &edit("{ num_workers: 2 }"));
    assert_eq!(desk.denied(&[a.clone(), edited], ""), Vec::<String>::new());
    let free = |name: &str, more: &str| of(name, "ana", "08:00", more).replace(" policy: team,", "");
    let moved = free("m", &edit("{ policy_id: team }"));
    assert_eq!(desk.denied(&[a.clone(), moved.clone()], ""), Vec::<String>::new());
    assert_eq!(
        desk.denied(&[a.clone(), b.clone(), moved.clone()], ""),
        ["m/edit-1"]
    );
    // Once it is moved, it counts there.
    assert_eq!(desk.denied(&[a, moved, of("f", "ana", "13:00", "")], ""), ["f"]);
    // A policy with an id counts those that name it and those that are under it.
    let known = |name: &str| of(name, "ana", "08:00", "").replace("policy: team", "policy: known");
    assert_eq!(desk.denied(&[known("k"), known("l"), known("m")], ""), ["m"]);
}

#[test]
fn clusters_of_jobs_neither_count_nor_are_counted_against() {
    let desk = Desk::new();
    let clusters = ["a", "b"].map(|name| of(name, "ana", "00:00", ""));
    let job = |name: &str| {
        format!(
            "  - {{ name: {name}, workspace: lake, principal: ana, policy: team, schedule: {{ every_minutes: 60 }}, run_minutes: 5,\n\
             \x20     new_cluster: {{ spark_version: 15.4.x-scala2.12, node_type_id: Standard_DS3_v2, num_workers: 1 }} }}\n"
        )
    };
    let jobs = format!("jobs:\n{}{}{}", job("x"), job("y"), job("z"));
    assert_eq!(desk.denied(&clusters, &jobs), Vec::<String>::new());
}
