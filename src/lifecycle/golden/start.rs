//! Starts, step by step.

use serde_json::{Value, json};

use super::super::fixture::*;
use super::super::hazard::{Hazards, Quota};
use super::super::simulation::{Command, Outcome};
use super::told::*;

fn with_everything() -> Value {
    json!({"num_workers": 1, "node_type_id": "Standard_DS3_v2", "spark_version": "15.4.x-scala2.12",
        "init_scripts": [{"workspace": {"destination": "/a.sh"}}, {"workspace": {"destination": "/b.sh"}}],
        "libraries": [{"pypi": {"package": "x"}}]})
}

/// Accept 1, validate 2; then both machines 100 + 10 + 20 + 40 and 7 of init scripts, to 180; the driver boots to 185
/// and has its context at 188; the worker waits for that and registers at 192; libraries to 198, security to 206.
#[test]
fn a_cold_start_takes_its_steps_one_after_another() {
    let outcome = outcome_of(|s| {
        s.timing = uneven();
        let mut adhoc = cluster("adhoc", "08:00:00", with_everything(), Vec::new());
        adhoc.commands = vec![command("08:10:00", Command::Delete)];
        s.clusters = vec![adhoc];
    });
    assert_eq!(
        told(&outcome),
        [
            "08:00:00 CREATING size 1 by ana",
            "08:02:53 INIT_SCRIPTS_STARTED @driver",
            "08:03:00 INIT_SCRIPTS_FINISHED @driver",
            "08:03:26 RUNNING 1/1",
            "08:03:26 DRIVER_HEALTHY",
            "08:10:00 TERMINATING by ana USER_REQUEST SUCCESS username=ana@example.com",
        ]
    );
    let machine = |n| {
        [
            format!("{n} allocate 3-103"),
            format!("{n} network 103-113"),
            format!("{n} disks 113-133"),
            format!("{n} image 133-173"),
            format!("{n} init_scripts 173-180"),
        ]
    };
    let of_all = [
        "- accept 0-1",
        "- validate 1-3",
        "- libraries 192-198",
        "- security 198-206",
    ];
    let mut expected = of_all.map(str::to_owned).to_vec();
    expected.extend(machine(0));
    expected.extend(["0 driver_boot 180-185", "0 spark_context 185-188"].map(str::to_owned));
    expected.extend(machine(1));
    expected.push("1 register 188-192".to_owned());
    assert_eq!(steps(&outcome), expected);
    let start = &outcome.starts[0];
    assert_eq!((start.began_as, start.requested), ("CREATING", at("08:00:00")));
    assert_eq!(start.running, Some(at("08:03:26")));
    // Asked of the cloud at 08:00:03, gone at 08:10:50: 647 s; RUNNING for 394 s; two nodes.
    assert_eq!(billed(&outcome), (2 * 647, 2 * 394));
}

#[test]
fn what_a_request_has_not_takes_no_time() {
    let outcome = outcome_of(|s| {
        s.timing = uneven();
        let request =
            json!({"num_workers": 0, "node_type_id": "Standard_DS3_v2", "init_scripts": [], "libraries": []});
        s.clusters = vec![cluster("adhoc", "08:00:00", request, Vec::new())];
    });
    // 3 + 170 of the machine, 5 + 3 of the driver, 8 of security: 189 s; to the end 57,600 s less 3 of VM, less 189.
    assert_eq!(story(&outcome, &only_cluster(&outcome))[1], "08:03:09 RUNNING");
    assert_eq!(billed(&outcome), (57_597, 57_411));
}

/// A start on two idle machines of a pool; what is set differs in `request` and `pool`.
fn warm(pool_fields: Value, more: Value) -> Outcome {
    let mut fields = json!({"min_idle_instances": 2, "idle_instance_autotermination_minutes": 60});
    merge(&mut fields, pool_fields);
    let mut request = with_everything();
    merge(&mut request, json!({"instance_pool_id": "pool-a"}));
    request.as_object_mut().unwrap().remove("node_type_id");
    merge(&mut request, more);
    outcome_of(|s| {
        s.timing = uneven();
        s.pools = vec![pool("pool-a", fields)];
        s.clusters = vec![cluster("adhoc", "08:00:00", request, Vec::new())];
    })
}

fn merge(into: &mut Value, from: Value) {
    for (key, value) in from.as_object().unwrap() {
        into[key] = value.clone();
    }
}

/// After 3 s the machines are there, runtime and all: init scripts to 10, boot 15, context 18, register 22, libraries
/// 28, security 36.
#[test]
fn a_start_on_a_pool_with_the_runtime_preloaded_has_no_machine_to_wait_for() {
    let outcome = warm(
        json!({"preloaded_spark_versions": ["15.4.x-scala2.12"]}),
        json!({}),
    );
    assert_eq!(
        told(&outcome),
        [
            "08:00:00 CREATING size 1 by ana",
            "08:00:03 INIT_SCRIPTS_STARTED @worker",
            "08:00:10 INIT_SCRIPTS_FINISHED @worker",
            "08:00:36 RUNNING 1/1",
            "08:00:36 DRIVER_HEALTHY",
        ]
    );
    let expected = [
        "- accept 0-1",
        "- validate 1-3",
        "- libraries 22-28",
        "- security 28-36",
        "0 init_scripts 3-10",
        "0 driver_boot 10-15",
        "0 spark_context 15-18",
        "1 init_scripts 3-10",
        "1 register 18-22",
    ];
    assert_eq!(steps(&outcome), expected);
}

/// Another runtime's image is 40 s more, before the init scripts; a container image 30 s, whatever is preloaded.
#[test]
fn a_start_on_a_pool_without_the_right_runtime_waits_for_the_image() {
    let other = json!({"preloaded_spark_versions": ["14.3.x-scala2.12"]});
    for pool_fields in [json!({}), other] {
        let outcome = warm(pool_fields, json!({}));
        assert_eq!(
            told(&outcome)[1..4],
            [
                "08:00:43 INIT_SCRIPTS_STARTED @worker",
                "08:00:50 INIT_SCRIPTS_FINISHED @worker",
                "08:01:16 RUNNING 1/1",
            ]
        );
        assert_eq!(steps(&outcome)[4..6], ["0 image 3-43", "0 init_scripts 43-50"]);
    }
    let docker = json!({"docker_image": {"url": "acme/runtime:1"}});
    let preloaded = json!({"preloaded_spark_versions": ["15.4.x-scala2.12"]});
    let outcome = warm(preloaded, docker);
    assert_eq!(told(&outcome)[3], "08:01:06 RUNNING 1/1");
    assert_eq!(steps(&outcome)[4], "0 image 3-33");
}

#[test]
fn a_container_image_takes_its_own_time_on_a_new_machine() {
    let mut request = with_everything();
    request["docker_image"] = json!({"url": "acme/runtime:1"});
    let outcome = outcome_of(|s| {
        s.timing = uneven();
        s.clusters = vec![cluster("adhoc", "08:00:00", request, Vec::new())];
    });
    // 206 s less 40 and more 30.
    assert_eq!(told(&outcome)[3], "08:03:16 RUNNING 1/1");
}

/// The scripts of the driver run from 173 to 180 s and fail; the machines are gone 50 s later.
#[test]
fn a_failed_init_script_ends_the_start() {
    let outcome = outcome_of(|s| {
        s.timing = uneven();
        s.hazards.init_script_failure = 1_000_000;
        s.clusters = vec![cluster("adhoc", "08:00:00", with_everything(), Vec::new())];
    });
    assert_eq!(
        told(&outcome),
        [
            "08:00:00 CREATING size 1 by ana",
            "08:02:53 INIT_SCRIPTS_STARTED @driver",
            "08:03:00 INIT_SCRIPTS_FINISHED @driver",
            "08:03:00 TERMINATING INIT_SCRIPT_FAILURE CLIENT_ERROR instance_id",
        ]
    );
    let status = |event: usize, script: usize| {
        outcome.events[event].details.init_scripts.as_ref().unwrap()["cluster"][script]["status"].clone()
    };
    assert_eq!([status(1, 0), status(1, 1)], [Value::Null, Value::Null]);
    assert_eq!(
        [status(2, 0), status(2, 1)],
        [json!("SUCCEEDED"), json!("FAILED_EXECUTION")]
    );
    assert_eq!(outcome.starts[0].running, None);
    // 08:00:03 to 08:03:50, two machines, and no DBU.
    assert_eq!(billed(&outcome), (2 * 227, 0));
}

/// 21 machines of 4 cores are 84; a quota of 72 lets 17 workers come, which are 85 % of 20.
#[test]
fn a_cluster_runs_with_85_percent_of_its_workers_and_goes_on_asking() {
    let outcome = outcome_of(|s| {
        s.hazards.quotas = vec![Quota {
            workspace: "w".to_owned(),
            vcpus: 72,
        }];
        let request = json!({"num_workers": 20, "node_type_id": "Standard_DS3_v2"});
        let mut adhoc = cluster("adhoc", "08:00:00", request, Vec::new());
        adhoc.commands = vec![command("08:05:00", Command::Delete)];
        s.clusters = vec![adhoc];
    });
    let why = "AZURE_QUOTA_EXCEEDED_EXCEPTION CLOUD_FAILURE quota_vcpus=72 used_vcpus=72";
    // Asked for again after 10 s; then after 20 s, at 08:04:30; the next time would be 40 s later, at 08:05:10.
    let mut expected = vec![
        "08:00:00 CREATING size 20 by ana".to_owned(),
        format!("08:04:00 RUNNING 17/20 {why}"),
        "08:04:00 DRIVER_HEALTHY".to_owned(),
    ];
    for time in ["08:04:10", "08:04:30"] {
        expected.push(format!("{time} RESIZING 17/20 AUTORECOVERY"));
        expected.push(format!("{time} ADD_NODES_FAILED 17/20 {why}"));
        expected.push(format!("{time} UPSIZE_COMPLETED 17/20 {why}"));
    }
    expected.push("08:05:00 TERMINATING by ana USER_REQUEST SUCCESS username=ana@example.com".to_owned());
    assert_eq!(told(&outcome), expected);
    // 08:00:00 to 08:06:00 and 08:04:00 to 08:05:00, 18 nodes.
    assert_eq!(billed(&outcome), (18 * 360, 18 * 60));
}

/// 17 machines would be 16 workers: 80 %. Those that came are given back after the tear-down.
#[test]
fn a_cluster_with_fewer_does_not_run() {
    let outcome = outcome_of(|s| {
        s.hazards.quotas = vec![Quota {
            workspace: "w".to_owned(),
            vcpus: 68,
        }];
        let request = json!({"num_workers": 20, "node_type_id": "Standard_DS3_v2"});
        s.clusters = vec![cluster("adhoc", "08:00:00", request, Vec::new())];
    });
    assert_eq!(
        told(&outcome),
        [
            "08:00:00 CREATING size 20 by ana",
            "08:00:00 TERMINATING AZURE_QUOTA_EXCEEDED_EXCEPTION CLOUD_FAILURE quota_vcpus=68 used_vcpus=68",
        ]
    );
    assert_eq!(billed(&outcome), (17 * 60, 0));
}

/// The driver and one of two workers idle in pools, the other worker takes 210 s. Half of the workers are enough:
/// RUNNING after the 30 s of the driver, complete at 08:03:30.
#[test]
fn a_late_worker_joins_a_running_cluster() {
    let outcome = outcome_of(|s| {
        s.timing.enough_workers_percent = 50;
        s.pools = vec![
            pool("pool-driver", json!({"min_idle_instances": 1})),
            pool("pool-worker", json!({"min_idle_instances": 1, "max_capacity": 2})),
        ];
        let request = json!({"num_workers": 2, "instance_pool_id": "pool-worker", "driver_instance_pool_id": "pool-driver"});
        let mut adhoc = cluster("adhoc", "08:00:00", request, Vec::new());
        adhoc.commands = vec![command("08:10:00", Command::Delete)];
        s.clusters = vec![adhoc];
    });
    assert_eq!(
        told(&outcome)[1..4],
        [
            "08:00:30 RUNNING 1/2",
            "08:00:30 DRIVER_HEALTHY",
            "08:03:30 UPSIZE_COMPLETED 2/2"
        ]
    );
    // Two nodes from 08:00:30, one from 08:03:30, to 08:10:00.
    assert_eq!(billed(&outcome).1, 2 * 570 + 390);
}

#[test]
fn a_cloud_without_machines_ends_the_start_in_its_own_words() {
    for (cloud, code) in [
        ("AZURE", "CLOUD_PROVIDER_RESOURCE_STOCKOUT"),
        ("AWS", "AWS_INSUFFICIENT_INSTANCE_CAPACITY_FAILURE"),
        ("GCP", "GCP_INSUFFICIENT_CAPACITY"),
    ] {
        let outcome = outcome_of(|s| {
            s.workspaces[0].workspace.cloud = cloud.parse().unwrap();
            s.hazards = Hazards {
                stockout: 1_000_000,
                ..Hazards::default()
            };
            s.clusters = vec![cluster("adhoc", "08:00:00", with_everything(), Vec::new())];
        });
        assert_eq!(
            told(&outcome)[1..],
            [format!("08:00:00 TERMINATING {code} CLOUD_FAILURE")]
        );
        assert_eq!((outcome.usage.len(), outcome.machines.len()), (0, 0));
    }
}
