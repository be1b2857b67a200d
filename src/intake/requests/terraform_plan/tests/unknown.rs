//! What is unknown, what is the server's to choose, what is sensitive.

use serde_json::{Value, json};

use super::{create, entry, flat, one, plan, reading, refers, requests, written};

#[test]
fn what_nobody_set_is_the_servers_to_choose_and_absent() {
    let after = json!({"spark_version": "x", "autoscale": [{"min_workers": 1}], "spark_conf": {"a.b": "1"}, "ssh_public_keys": ["k", null],
        "aws_attributes": [{"availability": "SPOT"}], "init_scripts": [{"workspace": [{}]}]});
    let unknown = json!({"id": true, "cluster_id": true, "state": true, "url": true, "default_tags": true, "driver_node_type_id": true,
        "enable_elastic_disk": true, "policy_id": true, "custom_tags": true, "autoscale": [{"max_workers": true}], "cluster_name": true,
        "spark_conf": {"c.d": true, "a.b": false}, "ssh_public_keys": [false, true], "node_type_id": true,
        "aws_attributes": [{"zone_id": true, "first_on_demand": true}], "init_scripts": [{"workspace": [{"destination": true}]}]});
    let late = || refers(&["terraform_data.t.output", "terraform_data.t"]);
    let expressions = json!({"spark_version": {"constant_value": "x"}, "policy_id": late(), "custom_tags": late(), "cluster_name": {},
        "autoscale": [{"min_workers": {"constant_value": 1}, "max_workers": late()}], "spark_conf": late(), "ssh_public_keys": late(),
        "node_type_id": late(), "aws_attributes": [{"availability": {"constant_value": "SPOT"}, "zone_id": late()}],
        "init_scripts": [{"workspace": [{"destination": late()}]}]});
    let changes = [create("databricks_cluster.a", after, unknown)];
    let request = one(&flat(&changes, &[written("databricks_cluster.a", expressions)]));
    let told = [
        "autoscale.max_workers",
        "aws_attributes.zone_id",
        "cluster_name",
        "custom_tags",
        "init_scripts.0.workspace.destination",
        "node_type_id",
        "policy_id",
        "spark_conf.c.d",
        "ssh_public_keys.1",
    ];
    assert_eq!(request.around.unknown.paths, told);
    assert_eq!(request.around.unknown.references.len(), 0);
    assert_eq!(
        request.body,
        json!({"spark_version": "x", "autoscale": {"min_workers": 1}, "spark_conf": {"a.b": "1"}, "ssh_public_keys": ["k", null],
            "aws_attributes": {"availability": "SPOT"}, "init_scripts": [{"workspace": {}}]})
    );
    assert_eq!(request.spec.undecided, ["autoscale", "node_type_id"]);
    // Without a configuration nobody can tell the two apart, and only what is the cluster's own is certain.
    let mut all = flat(&changes, &[]);
    all.as_object_mut().unwrap().remove("configuration");
    let unknown = one(&all).around.unknown;
    assert_eq!(unknown.paths.len(), told.len() + 3);
    assert!(
        unknown.covers("driver_node_type_id")
            && unknown.covers("enable_elastic_disk")
            && unknown.covers("aws_attributes.first_on_demand")
    );
    assert_eq!(one(&flat(&changes, &[])).around.unknown, unknown);
}

#[test]
fn a_condition_that_is_known_and_comes_to_null_leaves_it_to_the_server() {
    let cluster = |references: &[&str]| {
        let changes = [create(
            "databricks_cluster.a[0]",
            json!({"node_type_id": "i3.xlarge"}),
            json!({"driver_node_type_id": true, "num_workers": true}),
        )];
        let expressions = json!({"node_type_id": {}, "driver_node_type_id": refers(references), "num_workers": refers(references)});
        one(&flat(&changes, &[written("databricks_cluster.a", expressions)]))
            .around
            .unknown
            .paths
    };
    // What the server does not choose is unknown for another reason.
    assert_eq!(cluster(&["count.index"]), ["num_workers"]);
    assert_eq!(cluster(&["each.key", "var.driver"]), ["num_workers"]);
    for late in [
        ["count.index", "local.x"],
        ["each.value.node", "each.value"],
        ["data.x.y.id", "data.x.y"],
    ] {
        assert_eq!(cluster(&late), ["driver_node_type_id", "num_workers"], "{late:?}");
    }
    assert_eq!(cluster(&[]), ["driver_node_type_id", "num_workers"]);
}

#[test]
fn of_a_dynamic_block_nothing_shows() {
    let cluster = |key: &str| json!({"job_cluster_key": key, "new_cluster": [{"spark_version": "x", "num_workers": 1}]});
    let open = || json!({"new_cluster": [{"node_type_id": true, "driver_node_type_id": true}]});
    let changes = [create(
        "databricks_job.j",
        json!({"name": "j", "job_cluster": [cluster("a"), cluster("still"), cluster("b")]}),
        json!({"job_cluster": [open(), open(), open()]}),
    )];
    let still = json!({"job_cluster_key": {"constant_value": "still"}, "new_cluster": [{"spark_version": {}, "node_type_id": refers(&["terraform_data.t"])}]});
    let all = requests(&flat(
        &changes,
        &[written(
            "databricks_job.j",
            json!({"name": {}, "job_cluster": [still]}),
        )],
    ));
    let told: Vec<_> = all
        .iter()
        .map(|r| (r.name.as_deref().unwrap(), r.around.unknown.paths.len()))
        .collect();
    assert_eq!(told, [("j/a", 2), ("j/still", 1), ("j/b", 2)]);
    // A key that is no constant: by number, where there are as many blocks as are written.
    let named = json!({"job_cluster_key": refers(&["var.k"]), "new_cluster": [{"node_type_id": refers(&["terraform_data.t"])}]});
    let all = requests(&flat(
        &changes,
        &[written(
            "databricks_job.j",
            json!({"job_cluster": [named, named, named]}),
        )],
    ));
    assert!(all.iter().all(|r| r.around.unknown.paths == ["node_type_id"]));
    let all = requests(&flat(
        &changes,
        &[written(
            "databricks_job.j",
            json!({"job_cluster": [named, named]}),
        )],
    ));
    assert!(all.iter().all(|r| r.around.unknown.paths.len() == 2));
}

#[test]
fn tasks_are_told_apart_by_their_own_key() {
    let task = |key: &str, more: Value| {
        let mut task = json!({"task_key": key, "job_cluster_key": "main"});
        task.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        task
    };
    let own = || json!({"new_cluster": [{"num_workers": 1}]});
    let open = || json!({"new_cluster": [{"node_type_id": true}]});
    let changes = [create(
        "databricks_job.j",
        json!({"name": "j", "task": [task("a", json!({})), task("b", own()), task("c", own())]}),
        json!({"task": [{}, open(), open()]}),
    )];
    let constant = |text: &str| json!({"constant_value": text});
    let told = |key: &str, cluster: Value| json!({"task_key": constant(key), "job_cluster_key": constant("main"), "new_cluster": [cluster]});
    let late = json!({"node_type_id": refers(&["terraform_data.t"])});
    let tasks = json!([told("a", json!({})), told("c", late), told("b", json!({}))]);
    let all = requests(&flat(
        &changes,
        &[written("databricks_job.j", json!({"task": tasks}))],
    ));
    let told: Vec<_> = all
        .iter()
        .map(|r| (r.name.as_deref().unwrap(), r.around.unknown.paths.len()))
        .collect();
    assert_eq!(told, [("j/b", 0), ("j/c", 1)]);
}

#[test]
fn clusters_that_do_not_show_are_told_of() {
    let told = |after: Value, unknown: Value, sensitive: Value| {
        let change = json!({"after": after, "after_unknown": unknown, "after_sensitive": sensitive});
        let expressions = json!({"job_cluster": refers(&["x.y"]), "task": [{"task_key": {"constant_value": "t"}, "new_cluster": refers(&["x.y"])}]});
        let found = reading(&flat(
            &[entry("databricks_job.j", &["create"], change)],
            &[written("databricks_job.j", expressions)],
        ));
        assert_eq!(found.requests.len(), 0);
        let problems = found.problems.0.into_iter();
        problems
            .map(|p| (p.code, p.message.split('`').nth(1).unwrap_or_default().to_owned()))
            .collect::<Vec<_>>()
    };
    let hidden = |path: &str| ("plan::hidden", path.to_owned());
    assert_eq!(
        told(json!({"name": "j"}), json!({"job_cluster": true}), json!({})),
        [hidden("job_clusters")]
    );
    let task = json!({"task": [{"task_key": "t"}]});
    assert_eq!(
        told(task.clone(), json!({"task": [{"new_cluster": true}]}), json!({})),
        [hidden("tasks.0.new_cluster")]
    );
    let cluster = json!({"job_cluster": [{"job_cluster_key": "k", "new_cluster": [{"num_workers": 1}]}]});
    assert_eq!(
        told(cluster.clone(), json!({}), json!({"job_cluster": true})),
        [hidden("job_clusters")]
    );
    assert_eq!(
        told(cluster.clone(), json!({}), json!({"job_cluster": [true]})),
        [hidden("job_clusters.0")]
    );
    assert_eq!(told(cluster, json!({}), json!(true)), [hidden("job_clusters")]);
    assert_eq!(
        told(json!({"task": [null]}), json!({"task": [true]}), json!({})),
        [hidden("tasks.0")]
    );
}

#[test]
fn what_is_sensitive_is_unknown_and_nowhere_to_be_seen() {
    let change = json!({
        "before": {"spark_conf": {"key": "HUSH", "other": "1"}, "num_workers": 3, "node_type_id": "HUSH"},
        "before_sensitive": {"spark_conf": {"key": true}, "node_type_id": true},
        "after": {"spark_conf": {"key": "HUSH", "other": "1"}, "num_workers": 4, "spark_env_vars": {"A": "HUSH"}, "cluster_name": "HUSH",
            "init_scripts": [{"workspace": [{"destination": "HUSH"}]}], "docker_image": [{"url": "HUSH"}], "ssh_public_keys": ["HUSH", "k"]},
        "after_sensitive": {"spark_conf": {"key": true}, "spark_env_vars": true, "cluster_name": true, "ssh_public_keys": [true, false],
            "init_scripts": [{"workspace": [{"destination": true}]}], "docker_image": true},
    });
    let request = one(&flat(
        &[entry("databricks_cluster.a", &["update"], change)],
        &[written("databricks_cluster.a", json!({}))],
    ));
    assert_eq!(
        request.around.unknown.paths,
        [
            "cluster_name",
            "docker_image",
            "init_scripts.0.workspace.destination",
            "spark_conf.key",
            "spark_env_vars",
            "ssh_public_keys.0"
        ]
    );
    assert_eq!(request.name, None);
    let before = request.around.before.as_deref().unwrap();
    assert_eq!(
        before.body,
        json!({"spark_conf": {"other": "1"}, "num_workers": 3})
    );
    assert_eq!(before.spec.undecided, ["node_type_id"]);
    assert!(!format!("{request:?}").contains("HUSH"));
}

#[test]
fn of_a_resource_that_is_sensitive_as_a_whole_nothing_is_known() {
    let change = json!({"after": {"num_workers": 1, "node_type_id": "HUSH", "policy_id": null}, "after_sensitive": true});
    let request = one(&flat(&[entry("databricks_cluster.a", &["create"], change)], &[]));
    assert_eq!(request.around.unknown.paths, ["node_type_id", "num_workers"]);
    assert_eq!(request.body, json!({}));
}

#[test]
fn a_pipeline_that_may_be_serverless_is_told_of() {
    let change = create(
        "databricks_pipeline.p",
        json!({"name": "p", "cluster": []}),
        json!({"serverless": true}),
    );
    let expressions = json!({"serverless": refers(&["terraform_data.t"])});
    let found = reading(&flat(&[change], &[written("databricks_pipeline.p", expressions)]));
    assert_eq!(
        found.problems.0.iter().map(|p| p.code).collect::<Vec<_>>(),
        ["plan::hidden"]
    );
}

#[test]
fn a_configuration_that_cannot_be_read_is_none_and_told() {
    let changes = [create(
        "databricks_cluster.a",
        json!({"num_workers": 1}),
        json!({"node_type_id": true}),
    )];
    let found = reading(&plan(&changes, json!([1])));
    assert_eq!(
        found.problems.0.iter().map(|p| p.code).collect::<Vec<_>>(),
        ["plan::configuration"]
    );
    assert!(!found.problems.has_errors());
    assert_eq!(found.requests[0].around.unknown.paths, ["node_type_id"]);
}

#[test]
fn what_no_server_chooses_and_no_key_shows_stands_in_a_dynamic_block() {
    let read = |kind: &str, after: Value, unknown: Value, expressions: Value| {
        let address = format!("databricks_{kind}.x");
        let changes = [create(&address, after, unknown)];
        reading(&flat(&changes, &[written(&address, expressions)]))
    };
    let hidden = [
        (
            "job",
            json!({"name": "j"}),
            json!({"job_cluster": true, "id": true}),
            "job_clusters",
        ),
        (
            "job",
            json!({"name": "j"}),
            json!({"task": true, "id": true}),
            "tasks",
        ),
        (
            "job",
            json!({"job_cluster": [{"job_cluster_key": "m"}]}),
            json!({"job_cluster": [{"new_cluster": true}]}),
            "job_clusters.0.new_cluster",
        ),
        (
            "job",
            json!({"task": [{"task_key": "t"}]}),
            json!({"task": [{"for_each_task": true}]}),
            "tasks.0.for_each_task",
        ),
        (
            "pipeline",
            json!({"name": "p"}),
            json!({"cluster": true}),
            "clusters",
        ),
    ];
    for (kind, after, unknown, path) in hidden {
        let written = json!({"name": {}, "job_cluster": [{"job_cluster_key": {"constant_value": "m"}}],
            "task": [{"task_key": {"constant_value": "t"}}]});
        let mut written = written.as_object().unwrap().clone();
        written.retain(|key, _| after.get(key).is_some());
        let found = read(kind, after, unknown, Value::Object(written));
        let told: Vec<_> = found
            .problems
            .0
            .iter()
            .map(|p| (p.code, p.message.contains(path)))
            .collect();
        assert_eq!(told, [("plan::hidden", true)], "{path}");
    }
    let unknown = json!({"id": true, "autoscale": true, "azure_attributes": true, "init_scripts": true, "policy_id": true,
        "node_type_id": true, "enable_elastic_disk": true});
    let found = read(
        "cluster",
        json!({"spark_version": "x", "num_workers": 0}),
        unknown,
        json!({"spark_version": {}}),
    );
    let request = &found.requests[0];
    assert_eq!(
        request.around.unknown.paths,
        ["autoscale", "azure_attributes", "init_scripts"]
    );
    assert_eq!(request.body, json!({"spark_version": "x"}));
    let cluster = json!({"job_cluster_key": "m", "new_cluster": [{"spark_version": "x", "num_workers": 0}]});
    let found = read(
        "job",
        json!({"job_cluster": [cluster]}),
        json!({"job_cluster": [{"new_cluster": [{"autoscale": true}]}], "format": true, "run_as": true}),
        json!({"job_cluster": [{"job_cluster_key": {"constant_value": "m"}, "new_cluster": [{"spark_version": {}}]}]}),
    );
    assert_eq!(found.requests[0].around.unknown.paths, ["autoscale"]);
}

#[test]
fn names_and_tags_of_jobs_and_pipelines_may_be_unknown() {
    let late = || refers(&["random_id.x.hex", "random_id.x"]);
    let expressions = || json!({"name": late(), "tags": late()});
    let job = json!({"tags": {"team": "a"}, "job_cluster": [{"job_cluster_key": "m", "new_cluster": [{"num_workers": 1}]}]});
    let pipeline = json!({"cluster": [{"label": "default", "num_workers": 1}]});
    let whole = json!({"name": true, "tags": true});
    for (kind, after, unknown, paths) in [
        ("job", job.clone(), whole.clone(), &["name", "tags"][..]),
        ("pipeline", pipeline, whole, &["name", "tags"]),
        (
            "job",
            job.clone(),
            json!({"tags": {"owner": true}}),
            &["tags.owner"],
        ),
        ("job", job.clone(), json!({}), &[]),
    ] {
        let address = format!("databricks_{kind}.x");
        let changes = [create(&address, after, unknown)];
        let request = one(&flat(&changes, &[written(&address, expressions())]));
        assert_eq!(request.around.job_unknown.paths, paths, "{kind}");
        assert!(request.around.unknown.is_empty());
    }
    let sensitive = entry(
        "databricks_job.x",
        &["create"],
        json!({"after": job, "after_sensitive": {"tags": {"team": true}}}),
    );
    let request = one(&flat(&[sensitive], &[]));
    assert_eq!(request.around.job_unknown.paths, ["tags.team"]);
}
