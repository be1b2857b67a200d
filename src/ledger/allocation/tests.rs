//! What is shared, and who used it.

use super::*;

fn subject(team: &str, cluster: &str, pool: &str) -> Arc<Subject> {
    Arc::new(Subject {
        workspace: "lake".to_owned(),
        team: team.to_owned(),
        cluster_id: cluster.to_owned(),
        pool: pool.to_owned(),
        ..Subject::default()
    })
}

fn used(subject: &Arc<Subject>, category: Category, seconds: i128, cost_nano: i128) -> Used {
    Used {
        subject: Arc::clone(subject),
        category,
        seconds,
        cost_nano,
    }
}

fn centre(name: &str) -> Account {
    Account::CostCentre(Arc::from(name))
}

const BOTH: SplitKeys = SplitKeys {
    idle: Some(SplitKey::Seconds),
    resource_group: Some(SplitKey::Seconds),
};

/// `shared: bearer cost -> who amount, ...`.
fn shown(planned: &[Planned]) -> Vec<String> {
    let line = |p: &Planned| {
        let parts: Vec<String> = p
            .parts
            .iter()
            .map(|(account, part)| format!("{} {}/{}", account.name(), part.weight, part.amount_nano))
            .collect();
        format!(
            "{}: {} {} -> {}",
            p.shared,
            p.bearer.name(),
            p.cost_nano,
            parts.join(", ")
        )
    };
    planned.iter().map(line).collect()
}

/// A machine at 0.229 an hour idles 600 s (38166667) beside 3600 s of data and 1800 s of ml. The gateway costs 90 and the
/// storage 10; in the workspace data has 3600 s of the pool and 600 s of its own, ml 1800 s: 100 x 4200/6000 and 100 x 1800/6000.
#[test]
fn idle_time_and_resource_group_go_to_those_who_used_pool_and_workspace() {
    let (data, ml) = (subject("data", "c-1", "warm"), subject("ml", "c-2", "warm"));
    let own = subject("data", "c-3", "");
    let (idle, group) = (subject("platform", "", "warm"), subject("unallocated", "", ""));
    let month = [
        used(&idle, Category::Vm, 600, 38_166_667),
        used(&data, Category::Vm, 3_600, 229_000_000),
        used(&ml, Category::Vm, 1_800, 114_500_000),
        used(&own, Category::Vm, 600, 5),
        used(&own, Category::Dbu, 0, 7),
        used(&group, Category::Network, 0, 90),
        used(&group, Category::Storage, 0, 10),
    ];
    assert_eq!(
        shown(&plan(&month, BOTH)),
        [
            "resource group of `lake`: unallocated 100 -> data 4200/70, ml 1800/30",
            "idle instances of pool `warm` in `lake`: platform 38166667 -> data 3600/25444445, ml 1800/12722222",
        ]
    );
    let by_cost = SplitKeys {
        idle: Some(SplitKey::Cost),
        resource_group: None,
    };
    assert_eq!(
        shown(&plan(&month, by_cost)),
        [
            "idle instances of pool `warm` in `lake`: platform 38166667 -> data 229000000/25444445, ml 114500000/12722222"
        ]
    );
    let all_costs = SplitKeys {
        idle: None,
        resource_group: Some(SplitKey::Cost),
    };
    assert_eq!(
        shown(&plan(&month, all_costs)),
        // 229000012 and 114500000 of 343500012.
        ["resource group of `lake`: unallocated 100 -> data 229000012/67, ml 114500000/33"]
    );
}

#[test]
fn what_is_somebodys_is_not_shared() {
    let serverless = Arc::new(Subject {
        job_name: "nightly".to_owned(),
        ..(*subject("data", "", "")).clone()
    });
    let (nobody, pool) = (subject("unallocated", "", ""), subject("platform", "", "warm"));
    let month = [
        used(&serverless, Category::Network, 0, 5),
        // DBUs that a bill names no cluster for are whose they are; a machine of nobody is no resource group's.
        used(&nobody, Category::Dbu, 0, 5),
        used(&nobody, Category::Vm, 9, 5),
        used(&pool, Category::Dbu, 0, 5),
    ];
    assert_eq!(plan(&month, BOTH), []);
}

#[test]
fn a_bearer_who_used_it_keeps_its_part_and_unused_cost_stays() {
    let (idle, cold) = (subject("platform", "", "warm"), subject("platform", "", "cold"));
    let own = subject("platform", "c-1", "warm");
    let other = subject("ml", "c-2", "warm");
    let month = [
        used(&idle, Category::Vm, 100, 100),
        // The disk of an idle instance is part of what it costs.
        used(&idle, Category::Disk, 0, 20),
        used(&cold, Category::Vm, 100, 30),
        used(&own, Category::Vm, 30, 30),
        used(&other, Category::Vm, 90, 90),
    ];
    let planned = plan(&month, BOTH);
    assert_eq!(
        shown(&planned),
        [
            "idle instances of pool `cold` in `lake`: platform 30 -> ",
            "idle instances of pool `warm` in `lake`: platform 120 -> ml 90/90, platform 30/30",
        ]
    );
    assert!(planned[1].parts.contains_key(&centre("platform")));
}
