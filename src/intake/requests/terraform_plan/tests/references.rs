//! Ids that will be those of pools and policies of the same plan, and ids that are known.

use serde_json::{Value, json};

use super::{create, entry, flat, inside, object, plan, reading, refers, requests, written};
use crate::intake::requests::request::Request;

const POOL: &str = "databricks_instance_pool";
const POLICY: &str = "databricks_cluster_policy";

fn pool(address: &str) -> Value {
    create(
        address,
        json!({"instance_pool_name": "p", "node_type_id": "i3.xlarge"}),
        json!({"id": true, "instance_pool_id": true}),
    )
}

fn cluster(address: &str) -> Value {
    create(
        address,
        json!({"num_workers": 1}),
        json!({"instance_pool_id": true}),
    )
}

fn reference(request: &Request) -> &str {
    assert_eq!(request.around.unknown.paths, ["instance_pool_id"]);
    request
        .around
        .unknown
        .references
        .get("instance_pool_id")
        .map_or("", String::as_str)
}

/// What a cluster refers to by such an expression, with these pools beside it.
fn target(cluster_at: &str, pools: &[&str], references: &[&str]) -> String {
    let mut changes: Vec<Value> = pools.iter().map(|address| pool(address)).collect();
    changes.push(cluster(cluster_at));
    let expressions = json!({"num_workers": {}, "instance_pool_id": refers(references)});
    let all = requests(&flat(&changes, &[written("databricks_cluster.c", expressions)]));
    reference(&all[0]).to_owned()
}

#[test]
fn the_instance_that_is_meant_is_found_by_key_or_for_want_of_another() {
    let (one, two) = (
        ["databricks_instance_pool.p"],
        [
            "databricks_instance_pool.p[\"a\"]",
            "databricks_instance_pool.p[\"b\"]",
        ],
    );
    let c = "databricks_cluster.c";
    let id = ["databricks_instance_pool.p.id", "databricks_instance_pool.p"];
    assert_eq!(target(c, &one, &id), "databricks_instance_pool.p");
    assert_eq!(
        target(
            c,
            &one,
            &[
                "databricks_instance_pool.p.instance_pool_id",
                "databricks_instance_pool.p"
            ]
        ),
        "databricks_instance_pool.p"
    );
    assert_eq!(
        target(c, &two[..1], &["databricks_instance_pool.p"]),
        "databricks_instance_pool.p[\"a\"]"
    );
    assert_eq!(
        target(
            c,
            &two,
            &[
                "databricks_instance_pool.p[\"b\"].id",
                "databricks_instance_pool.p[\"b\"]",
                "databricks_instance_pool.p"
            ]
        ),
        two[1]
    );
    assert_eq!(
        target(
            "databricks_cluster.c[\"b\"]",
            &two,
            &["databricks_instance_pool.p", "each.key"]
        ),
        two[1]
    );
    let counted = ["databricks_instance_pool.p[0]", "databricks_instance_pool.p[1]"];
    assert_eq!(
        target(
            "databricks_cluster.c[1]",
            &counted,
            &["databricks_instance_pool.p", "count.index"]
        ),
        counted[1]
    );
    // The other key, a key that there is not, several without a key.
    assert_eq!(
        target(
            "databricks_cluster.c[\"z\"]",
            &two,
            &["databricks_instance_pool.p", "each.key"]
        ),
        ""
    );
    assert_eq!(
        target(
            c,
            &two,
            &[
                "databricks_instance_pool.p[\"z\"].id",
                "databricks_instance_pool.p"
            ]
        ),
        ""
    );
    assert_eq!(target(c, &two, &["databricks_instance_pool.p"]), "");
    // Two that it may be, another attribute, what nobody can see, what is no pool.
    assert_eq!(
        target(
            c,
            &["databricks_instance_pool.p", "databricks_instance_pool.q"],
            &["databricks_instance_pool.p.id", "databricks_instance_pool.q.id"]
        ),
        ""
    );
    assert_eq!(
        target(
            c,
            &one,
            &[
                "databricks_instance_pool.p.node_type_id",
                "databricks_instance_pool.p"
            ]
        ),
        ""
    );
    assert_eq!(
        target(c, &one, &["databricks_instance_pool.p.id", "local.pool"]),
        ""
    );
    assert_eq!(
        target(
            c,
            &one,
            &[
                "databricks_instance_pool.p.id",
                "data.databricks_instance_pool.q.id"
            ]
        ),
        ""
    );
    assert_eq!(target(c, &one, &["terraform_data.t.output"]), "");
}

#[test]
fn an_id_that_a_condition_may_choose_is_no_reference() {
    let (c, one) = ("databricks_cluster.c", ["databricks_instance_pool.p"]);
    let id = ["databricks_instance_pool.p.id", "databricks_instance_pool.p"];
    let both = [
        "databricks_instance_pool.p.id",
        "databricks_instance_pool.p.instance_pool_id",
    ];
    assert_eq!(target(c, &one, &both), "databricks_instance_pool.p");
    for other in [
        "var.use",
        "each.value",
        "each.key",
        "count.index",
        "terraform.workspace",
        "module.m.id",
    ] {
        assert_eq!(target(c, &one, &[id[0], id[1], other]), "", "{other}");
        assert_eq!(target(c, &one, &[other, id[0], id[1]]), "", "{other}");
    }
    assert_eq!(target(c, &one, &["each.value"]), "");
    assert_eq!(target(c, &one, &["databricks_instance_pool.p", "each.value"]), "");
}

#[test]
fn references_are_followed_through_variables_and_outputs_of_modules() {
    let (a, b) = ("module.pools[\"a\"]", "module.pools[\"b\"]");
    let mut changes: Vec<Value> = [a, b]
        .iter()
        .map(|module| inside(module, pool("databricks_instance_pool.p")))
        .collect();
    for (outer, key) in [("module.team[\"a\"]", "0"), ("module.team[\"b\"]", "1")] {
        changes.push(inside(
            &format!("{outer}.module.env"),
            cluster(&format!("databricks_cluster.c[{key}]")),
        ));
    }
    changes.push(inside(a, cluster("databricks_cluster.c")));
    let c = |references: &[&str]| {
        json!([written(
            "databricks_cluster.c",
            json!({"num_workers": {}, "instance_pool_id": refers(references)})
        )])
    };
    let env =
        json!({"expressions": {"pool": refers(&["var.pool_id"])}, "module": {"resources": c(&["var.pool"])}});
    let pools = json!({"outputs": {"id": {"expression": refers(&["databricks_instance_pool.p.id", "databricks_instance_pool.p"])}},
        "resources": [written("databricks_instance_pool.p", json!({}))]});
    let mut inner = pools.clone();
    inner["resources"]
        .as_array_mut()
        .unwrap()
        .extend(c(&["databricks_instance_pool.p.id"]).as_array().unwrap().clone());
    let follow = |pool_id: Value| {
        let root = json!({"module_calls": {"pools": {"module": inner},
            "team": {"expressions": {"pool_id": pool_id}, "module": {"module_calls": {"env": env}}}}});
        let all = requests(&plan(&changes, root));
        all.iter()
            .map(|request| reference(request).to_owned())
            .collect::<Vec<_>>()
    };
    let (pool_a, pool_b) = (
        format!("{a}.databricks_instance_pool.p"),
        format!("{b}.databricks_instance_pool.p"),
    );
    let output = refers(&["module.pools[\"b\"].id", "module.pools[\"b\"]", "module.pools"]);
    assert_eq!(follow(output), [pool_b.clone(), pool_b, pool_a.clone()]);
    // Which of the outputs does not show.
    assert_eq!(follow(refers(&["module.pools", "each.key"])), ["", "", &pool_a]);
    assert_eq!(follow(json!({})), ["", "", &pool_a]);
    // A circle, which Terraform would not plan.
    assert_eq!(follow(refers(&["module.team.x", "var.pool_id"]))[0], "");
}

#[test]
fn a_module_gives_each_of_its_instances_its_own_policy() {
    let team = |key: &str| {
        let module = format!("module.team[\"{key}\"]");
        let definition = format!("{{\"custom_tags.team\": {{\"type\": \"fixed\", \"value\": \"{key}\"}}}}");
        let policy = create(
            "databricks_cluster_policy.this",
            json!({"name": key, "definition": definition}),
            json!({"id": true, "policy_id": true}),
        );
        let cluster = create(
            "databricks_cluster.c[0]",
            json!({"num_workers": 1}),
            json!({"policy_id": true}),
        );
        [inside(&module, cluster), inside(&module, policy)]
    };
    let module = json!({"resources": [
        written("databricks_cluster.c", json!({"num_workers": {}, "policy_id": refers(&["databricks_cluster_policy.this.id", "databricks_cluster_policy.this"])})),
        written("databricks_cluster_policy.this", json!({"name": {}, "definition": {}}))]});
    let changes = [team("a"), team("b")].concat();
    let all = requests(&plan(
        &changes,
        json!({"module_calls": {"team": {"module": module}}}),
    ));
    for (request, key) in all.iter().zip(["a", "b"]) {
        let policy = request.around.policy.as_ref().unwrap();
        assert_eq!(
            policy.name,
            format!("module.team[\"{key}\"].databricks_cluster_policy.this")
        );
        let definition = policy.settings.as_ref().unwrap()["definition"].as_str().unwrap();
        assert!(definition.contains(&format!("\"{key}\"")));
    }
}

#[test]
fn a_policy_that_refers_to_a_pool_is_found_and_not_known() {
    let policy = |unknown: Value, expressions: Value| {
        let after = json!({"name": "team", "policy_family_id": "personal-vm"});
        let changes = [
            create("databricks_cluster_policy.team", after, unknown),
            create(
                "databricks_cluster.c",
                json!({"num_workers": 1}),
                json!({"policy_id": true}),
            ),
        ];
        let uses = written(
            "databricks_cluster.c",
            json!({"num_workers": {}, "policy_id": refers(&["databricks_cluster_policy.team.id"])}),
        );
        let all = requests(&flat(
            &changes,
            &[written("databricks_cluster_policy.team", expressions), uses],
        ));
        all[0].around.policy.as_ref().unwrap().settings.clone()
    };
    let family = || json!({"constant_value": "personal-vm"});
    let by_family = json!({"policy_family_id": "personal-vm"});
    let late = || refers(&["databricks_instance_pool.p.id"]);
    assert_eq!(
        policy(
            json!({"definition": true, "id": true}),
            json!({"policy_family_id": family()})
        ),
        Some(by_family)
    );
    assert_eq!(
        policy(
            json!({"definition": true}),
            json!({"policy_family_id": family(), "definition": late()})
        ),
        None
    );
    let overrides = json!({"policy_family_id": family(), "policy_family_definition_overrides": late()});
    assert_eq!(
        policy(json!({"policy_family_definition_overrides": true}), overrides),
        None
    );
}

#[test]
fn ids_that_are_known_lead_to_what_exists() {
    let exists = |kind: &str, id_key: &str, id: &str, more: Value| {
        let mut values = object(&[("id", json!(id)), (id_key, json!(id))]);
        values
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        entry(
            &format!("{kind}.there"),
            &["no-op"],
            json!({"before": values, "after": values}),
        )
    };
    let cluster = create(
        "databricks_cluster.c",
        json!({"num_workers": 1, "policy_id": "P1", "instance_pool_id": "0101-p"}),
        json!({}),
    );
    let changes = [
        cluster.clone(),
        exists(
            POOL,
            "instance_pool_id",
            "0101-p",
            json!({"instance_pool_name": "small", "node_type_id": "i3.xlarge"}),
        ),
        exists(
            POLICY,
            "policy_id",
            "P1",
            json!({"name": "team", "definition": "{}"}),
        ),
    ];
    let found = reading(&flat(&changes, &[]));
    let request = &found.requests[0];
    assert_eq!(
        request.around.policy.as_ref().unwrap().name,
        "databricks_cluster_policy.there"
    );
    assert!(
        request
            .around
            .pools
            .iter()
            .any(|pool| pool.instance_pool_id == "0101-p" && pool.node_type_id == "i3.xlarge")
    );
    assert_eq!(found.resources.len(), 2);
    // Looked up by a data source, or left out of the plan by -target: known, and no resource of the plan.
    let values = json!({"id": "0101-p", "name": "small", "pool_info": [{"instance_pool_name": "small", "node_type_id": "r5.large"}]});
    let state = json!({"values": {"root_module": {"resources": [
        {"address": "data.databricks_instance_pool.x", "mode": "data", "type": POOL, "values": values}],
        "child_modules": [{"resources": [{"address": "module.m.databricks_cluster_policy.y", "mode": "managed", "type": POLICY,
            "values": {"id": "P1", "name": "team", "definition": "{}"}}]}]}}});
    let mut all = flat(&[cluster], &[]);
    all["prior_state"] = state;
    let found = reading(&all);
    assert_eq!(found.resources, []);
    let request = &found.requests[0];
    assert_eq!(
        request.around.policy.as_ref().unwrap().name,
        "module.m.databricks_cluster_policy.y"
    );
    assert!(
        request
            .around
            .pools
            .iter()
            .any(|pool| pool.instance_pool_id == "0101-p" && pool.node_type_id == "r5.large")
    );
}
