//! Bodies in the shape of the API.

use serde_json::{Value, json};

use super::{addresses, create, flat, one, reading, written};
use crate::model::place::Workload;
use crate::model::resource::{Action, Kind};

#[test]
fn blocks_become_objects_and_what_is_not_set_is_gone() {
    let after = json!({
        "spark_version": "15.4.x-scala2.12", "node_type_id": "i3.xlarge", "num_workers": 2, "is_pinned": false,
        "no_wait": false, "timeouts": null, "provider_config": [], "__apply_policy_default_values_allow_list": ["x"],
        "aws_attributes": [{"availability": "SPOT", "zone_id": null, "first_on_demand": 0}], "azure_attributes": [],
        "cluster_log_conf": [{"dbfs": [], "s3": [{"destination": "s3://b", "region": "eu-west-1"}]}],
        "docker_image": [{"url": "i", "basic_auth": [{"username": "u", "password": "p"}]}],
        "init_scripts": [{"workspace": [{"destination": "/a"}], "s3": []}, {"volumes": [{"destination": "/b"}]}],
        "workload_type": [{"clients": [{"jobs": true, "notebooks": false}]}],
        "cluster_mount_info": [{"local_mount_dir_path": "/m", "network_filesystem_info": [{"server_address": "s"}]}],
        "library": [{"pypi": [{"package": "p", "repo": null}], "jar": null}],
        "custom_tags": {"task": "x", "url": "y", "none": null}, "spark_conf": {}, "ssh_public_keys": null,
    });
    let request = one(&flat(&[create("databricks_cluster.a", after, json!({}))], &[]));
    assert_eq!(
        request.body,
        json!({
            "spark_version": "15.4.x-scala2.12", "node_type_id": "i3.xlarge", "num_workers": 2,
            "aws_attributes": {"availability": "SPOT", "first_on_demand": 0},
            "cluster_log_conf": {"s3": {"destination": "s3://b", "region": "eu-west-1"}},
            "docker_image": {"url": "i", "basic_auth": {"username": "u", "password": "p"}},
            "init_scripts": [{"workspace": {"destination": "/a"}}, {"volumes": {"destination": "/b"}}],
            "workload_type": {"clients": {"jobs": true, "notebooks": false}},
            "cluster_mount_infos": [{"local_mount_dir_path": "/m", "network_filesystem_info": {"server_address": "s"}}],
            "libraries": [{"pypi": {"package": "p"}}],
            "custom_tags": {"task": "x", "url": "y"},
        })
    );
}

#[test]
fn clusters_and_environments_of_a_job_are_found_by_their_keys() {
    let cluster = || json!([{"num_workers": 1, "node_type_id": "m5.large"}]);
    let after = json!({
        "name": "etl", "tags": {"team": "a"}, "continuous": [],
        "schedule": [{"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"}],
        "new_cluster": cluster(),
        "job_cluster": [{"job_cluster_key": "wide", "new_cluster": cluster()}],
        "task": [
            {"task_key": "shared", "job_cluster_key": "wide", "new_cluster": []},
            {"task_key": "own", "new_cluster": cluster()},
            {"task_key": "loop", "for_each_task": [{"inputs": "[]", "task": [{"task_key": "inner", "new_cluster": cluster()}]}]},
            {"task_key": "there", "existing_cluster_id": "0101-a"},
        ],
        "environment": [{"environment_key": "light", "spec": [{"client": "2", "dependencies": ["x"]}]}],
    });
    let found = reading(&flat(&[create("databricks_job.nightly", after, json!({}))], &[]));
    assert_eq!(found.problems.0, []);
    assert_eq!(
        addresses(&found),
        [
            "databricks_job.nightly.new_cluster",
            "databricks_job.nightly.job_clusters.wide",
            "databricks_job.nightly.tasks.own",
            "databricks_job.nightly.tasks.loop.inner",
        ]
    );
    let wide = &found.requests[1];
    assert_eq!(
        (wide.name.as_deref(), wide.around.kind),
        (Some("etl/wide"), Kind::JobCluster)
    );
    assert_eq!(wide.around.workload, Some(Workload::Job));
    assert_eq!(wide.around.job_tags, [("team".to_owned(), "a".to_owned())]);
    let schedule = wide.around.schedule.as_ref().unwrap();
    assert_eq!(schedule.quartz_cron_expression.as_deref(), Some("0 0 3 * * ?"));
    let [light] = found.resources.as_slice() else {
        panic!()
    };
    assert_eq!(
        (light.address.as_deref(), light.kind),
        (
            Some("databricks_job.nightly.environments.light"),
            Kind::Serverless
        )
    );
    assert_eq!(light.body["spec"], json!({"client": "2", "dependencies": ["x"]}));
}

#[test]
fn pipelines_pools_policies_and_warehouses_are_resources_or_have_clusters() {
    let changes = [
        create(
            "databricks_pipeline.p",
            json!({"name": "p", "edition": "PRO", "serverless": null, "configuration": {"cluster": "x"},
                "cluster": [{"label": "default", "num_workers": null, "autoscale": [{"min_workers": 1, "max_workers": 5, "mode": "ENHANCED"}]}]}),
            json!({"id": true, "url": true}),
        ),
        create(
            "databricks_pipeline.s",
            json!({"name": "s", "serverless": true, "cluster": []}),
            json!({}),
        ),
        create(
            "databricks_instance_pool.small[\"a\"]",
            json!({"instance_pool_name": "small", "node_type_id": "i3.xlarge", "disk_spec": [{"disk_count": 1, "disk_type": [{"ebs_volume_type": "X"}]}]}),
            json!({"id": true, "instance_pool_id": true}),
        ),
        create(
            "databricks_cluster_policy.team",
            json!({"name": "team", "definition": "{\"a\": {}}"}),
            json!({"id": true, "policy_id": true}),
        ),
        create(
            "databricks_sql_endpoint.w",
            json!({"name": "w", "cluster_size": "Small", "tags": [{"custom_tags": [{"key": "a", "value": "b"}]}]}),
            json!({"id": true, "jdbc_url": true, "odbc_params": true, "num_clusters": true, "health": true}),
        ),
        create("aws_instance.x", json!({}), json!({"id": true})),
        create("databricks_notebook.n", json!({}), json!({"id": true})),
    ];
    // Without a configuration, too: their ids are their own.
    let mut all = flat(&changes, &[]);
    all.as_object_mut().unwrap().remove("configuration");
    let found = reading(&all);
    assert_eq!(found.problems.0, []);
    assert_eq!(addresses(&found), ["databricks_pipeline.p.clusters.default"]);
    assert_eq!(found.requests[0].around.workload, Some(Workload::DltPro));
    assert_eq!(found.requests[0].body["autoscale"]["mode"], "ENHANCED");
    let told: Vec<_> = found
        .resources
        .iter()
        .map(|r| (r.address.as_deref().unwrap(), r.kind, r.name.as_deref().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("databricks_pipeline.s", Kind::Serverless, "s"),
            (
                "databricks_instance_pool.small[\"a\"]",
                Kind::InstancePool,
                "small"
            ),
            ("databricks_cluster_policy.team", Kind::ClusterPolicy, "team"),
            ("databricks_sql_endpoint.w", Kind::SqlWarehouse, "w"),
        ]
    );
    for resource in &found.resources {
        assert!(
            resource.unknown.is_empty() && resource.action == Action::Create,
            "{resource:?}"
        );
    }
    assert_eq!(
        found.resources[1].body["disk_spec"],
        json!({"disk_count": 1, "disk_type": {"ebs_volume_type": "X"}})
    );
    assert_eq!(found.resources[2].body["definition"], "{\"a\": {}}");
    assert_eq!(
        found.resources[3].body["tags"],
        json!({"custom_tags": [{"key": "a", "value": "b"}]})
    );
}

#[test]
fn what_the_provider_put_in_is_told_and_what_it_does_not_send_is_gone() {
    let after = json!({"spark_version": "x", "num_workers": 0, "autotermination_minutes": 60, "autoscale": [{"min_workers": 1, "max_workers": 2}]});
    let cluster = |expressions: Value| {
        let all = flat(
            &[create("databricks_cluster.a", after.clone(), json!({}))],
            &[written("databricks_cluster.a", expressions)],
        );
        let request = one(&all);
        assert_eq!(request.body["autotermination_minutes"], 60);
        assert_eq!(request.body.get("num_workers"), None);
        request.around.injected
    };
    assert_eq!(
        cluster(json!({"spark_version": {}})),
        ["autotermination_minutes", "num_workers"]
    );
    let number = || json!({"constant_value": 60});
    assert_eq!(
        cluster(json!({"autotermination_minutes": number()})),
        ["num_workers"]
    );
    assert_eq!(
        cluster(json!({"autotermination_minutes": number(), "num_workers": {"constant_value": 0}})),
        [""; 0]
    );
    // Who wrote what does not show; what is sent is the same.
    let mut all = flat(&[create("databricks_cluster.a", after.clone(), json!({}))], &[]);
    assert_eq!(one(&all).around.injected, [""; 0]);
    all["resource_changes"][0]["change"]["after"]["autoscale"] = json!([]);
    assert_eq!(one(&all).body["num_workers"], 0);
}

#[test]
fn a_cluster_of_a_pool_has_nothing_that_the_pool_decides() {
    let after = json!({"instance_pool_id": "0101-p", "node_type_id": "a", "driver_node_type_id": "b", "enable_elastic_disk": true,
        "aws_attributes": [{"instance_profile_arn": "arn", "availability": "SPOT"}], "azure_attributes": [{"first_on_demand": 1}],
        "gcp_attributes": [{"google_service_account": "g"}], "num_workers": 1});
    let unknown = json!({"aws_attributes": [{"zone_id": true}], "driver_instance_pool_id": true});
    let expressions = json!({"aws_attributes": [{"zone_id": {"references": ["aws_x.y.z"]}}], "driver_instance_pool_id": {"references": ["aws_x.y.z"]}});
    let mut all = flat(
        &[create("databricks_cluster.a", after, unknown)],
        &[written("databricks_cluster.a", expressions)],
    );
    let request = one(&all);
    assert_eq!(
        request.body,
        json!({"instance_pool_id": "0101-p", "aws_attributes": {"instance_profile_arn": "arn"},
            "gcp_attributes": {"google_service_account": "g"}, "num_workers": 1})
    );
    assert_eq!(request.around.unknown.paths, ["driver_instance_pool_id"]);
    // Without a pool for the workers there is none for the driver.
    all["resource_changes"][0]["change"]["after"]["instance_pool_id"] = json!("");
    let request = one(&all);
    assert_eq!(request.around.unknown.paths, ["aws_attributes.zone_id"]);
    assert_eq!(request.body["node_type_id"], "a");
}

#[test]
fn the_host_is_that_of_the_provider_that_the_resource_uses() {
    let cluster = |key: &str| {
        let mut all = flat(
            &[create(
                "databricks_cluster.a",
                json!({"num_workers": 1}),
                json!({}),
            )],
            &[written("databricks_cluster.a", json!({}))],
        );
        all["configuration"]["root_module"]["resources"][0]["provider_config_key"] = json!(key);
        let host = |host: &str| json!({"expressions": {"host": {"constant_value": host}}});
        let late = |to: &[&str]| json!({"expressions": {"host": {"references": to}}});
        all["configuration"]["provider_config"] = json!({"databricks": {"name": "databricks"}, "databricks.dev": host("https://dev"),
            "databricks.prod": host("https://prod"), "databricks.var": late(&["var.h"]), "databricks.part": late(&["var.name"]),
            "databricks.two": late(&["var.h", "var.name"]), "databricks.data": late(&["data.x.y.host", "data.x.y"]), "databricks.odd": late(&[]),
            "module.m:databricks": {"module_address": "module.m", "expressions": {"host": {"references": ["var.h"]}}}});
        all["variables"] =
            json!({"h": {"value": "https://adb-1.1.azuredatabricks.net"}, "name": {"value": "dev"}});
        one(&all).around.workspace
    };
    assert_eq!(cluster("databricks.prod").as_deref(), Some("https://prod"));
    assert_eq!(cluster("databricks.dev").as_deref(), Some("https://dev"));
    assert_eq!([cluster("databricks"), cluster("none")], [None, None]);
    // A variable that is the host; else a template, which is not known.
    for (key, host) in [
        ("databricks.var", "https://adb-1.1.azuredatabricks.net"),
        ("databricks.part", "${var.name}"),
        ("databricks.two", "${var.h}"),
        ("databricks.data", "${data.x.y.host}"),
        ("databricks.odd", "${host}"),
        ("module.m:databricks", "${var.h}"),
    ] {
        assert_eq!(cluster(key).as_deref(), Some(host), "{key}");
    }
}
