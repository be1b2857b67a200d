//! Runs of jobs.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::sync::Arc;

use super::super::between::Between;
use super::super::fixture::*;
use super::super::schedule::RunSchedule;
use super::super::simulation::{Command, Outcome, Serverless};
use super::super::workload::{Compute, Job, JobCluster, RunIf, Task, Work};
use super::told::*;
use crate::databricks::run::ResultState;

const SERVERLESS: &str = "dbu/AZURE/PREMIUM_JOBS_SERVERLESS_COMPUTE_US_WEST_2";

fn two_nodes() -> Value {
    json!({"num_workers": 1, "node_type_id": "Standard_DS3_v2", "autotermination_minutes": 30})
}

fn of_tasks(tasks: Vec<Task>) -> Job {
    Job {
        tasks,
        ..job("etl", "02:00", 10, two_nodes())
    }
}

fn ran(job: Job) -> Outcome {
    outcome_of(|s| s.jobs = vec![job])
}

fn on_serverless(task: Task) -> Task {
    let serverless = Serverless {
        workspace: "w".to_owned(),
        team: "a-team".to_owned(),
        tags: crate::model::tags::Tags::default(),
        meter: SERVERLESS.parse().unwrap(),
        after_tier_changes: Vec::new(),
        dbu_per_hour: Some(Decimal::new(45, 1)),
    };
    Task {
        compute: Compute::Serverless(serverless),
        ..task
    }
}

fn failing(task: Task) -> Task {
    Task {
        failures_per_million: 1_000_000,
        ..task
    }
}

/// RUNNING at 02:04:00, 10 minutes, then 5.
#[test]
fn two_tasks_share_a_cluster_one_after_the_other() {
    let outcome = ran(of_tasks(vec![task("a", 10, &[]), task("b", 5, &[0])]));
    assert_eq!(
        attempts(&outcome),
        [
            "a#0 02:00:00 02:04:00 02:14:00 SUCCESS",
            "b#0 02:14:00 02:14:00 02:19:00 SUCCESS"
        ]
    );
    assert_eq!(runs(&outcome), ["02:00:00 02:00:00 02:19:00 SUCCESS"]);
    assert_eq!(
        told(&outcome),
        [
            "02:00:00 CREATING size 1 by ana",
            "02:04:00 RUNNING 1/1",
            "02:04:00 DRIVER_HEALTHY",
            "02:19:00 TERMINATING JOB_FINISHED SUCCESS",
        ]
    );
    let subject = &outcome.clusters[0].subject;
    assert_eq!(
        outcome.events[0].details.job_run_name.as_deref(),
        Some(subject.cluster_name.as_str())
    );
    // 02:00:00 to 02:20:00, 15 minutes.
    assert_eq!(billed(&outcome), (2 * 1_200, 2 * 900));
}

/// Both at once: the cluster ends with the longer one.
#[test]
fn two_tasks_share_a_cluster_side_by_side() {
    let outcome = ran(of_tasks(vec![task("a", 10, &[]), task("b", 5, &[])]));
    assert_eq!(
        attempts(&outcome),
        [
            "b#0 02:00:00 02:04:00 02:09:00 SUCCESS",
            "a#0 02:00:00 02:04:00 02:14:00 SUCCESS"
        ]
    );
    assert_eq!(billed(&outcome), (2 * 900, 2 * 600));
}

#[test]
fn each_cluster_comes_with_the_first_task_that_needs_it_and_goes_after_the_last() {
    let mut job = of_tasks(vec![
        task("a", 10, &[]),
        Task {
            compute: Compute::JobCluster(1),
            ..task("b", 5, &[0])
        },
        Task {
            compute: Compute::JobCluster(1),
            ..task("c", 5, &[1])
        },
    ]);
    job.job_clusters.push(JobCluster {
        key: "second".to_owned(),
        admitted: admitted(json!({"num_workers": 0, "node_type_id": "Standard_DS3_v2"})),
    });
    let outcome = ran(job);
    assert_eq!(
        told(&outcome),
        [
            "02:00:00 CREATING size 1 by ana",
            "02:04:00 RUNNING 1/1",
            "02:04:00 DRIVER_HEALTHY",
            "02:14:00 CREATING size 0 by ana",
            "02:14:00 TERMINATING JOB_FINISHED SUCCESS",
            "02:18:00 RUNNING 0/0",
            "02:18:00 DRIVER_HEALTHY",
            "02:28:00 TERMINATING JOB_FINISHED SUCCESS",
        ]
    );
    assert_eq!(runs(&outcome), ["02:00:00 02:00:00 02:28:00 SUCCESS"]);
    // 900 s of two nodes, 02:14:00 to 02:29:00 of one; 600 s each.
    assert_eq!(billed(&outcome), (2 * 900 + 900, 2 * 600 + 600));
    let names: Vec<&str> = outcome
        .clusters
        .iter()
        .map(|c| c.subject.cluster_name.as_str())
        .collect();
    assert!(
        names[0].ends_with("-etl") && names[1].ends_with("-second"),
        "{names:?}"
    );
}

/// An attempt fails at its end; 30 s later comes the next, on the same cluster.
#[test]
fn a_task_that_fails_is_tried_again() {
    let main = Task {
        max_retries: 2,
        retry_seconds: 30,
        ..failing(task("main", 10, &[]))
    };
    let outcome = ran(of_tasks(vec![main]));
    assert_eq!(
        attempts(&outcome),
        [
            "main#0 02:00:00 02:04:00 02:14:00 RUN_EXECUTION_ERROR",
            "main#1 02:14:30 02:14:30 02:24:30 RUN_EXECUTION_ERROR",
            "main#2 02:25:00 02:25:00 02:35:00 RUN_EXECUTION_ERROR",
        ]
    );
    assert_eq!(runs(&outcome), ["02:00:00 02:00:00 02:35:00 FAILED"]);
    assert_eq!(outcome.clusters.len(), 1);
    assert_eq!(billed(&outcome), (2 * 2_160, 2 * 1_860));
}

/// A cold start of 240 s and 50 s for libraries, for the task for which a cluster starts: of `a` and `b`, which share one,
/// that is `a`.
#[test]
fn a_start_for_a_task_with_libraries_installs_them() {
    let with = |task| Task {
        has_libraries: true,
        ..task
    };
    let ran = |tasks| {
        outcome_of(|s| {
            s.timing.libraries = Between::exactly(50);
            s.jobs = vec![of_tasks(tasks)];
        })
    };
    let outcome = ran(vec![with(task("a", 10, &[])), task("b", 5, &[0])]);
    assert_eq!(
        attempts(&outcome),
        [
            "a#0 02:00:00 02:04:50 02:14:50 SUCCESS",
            "b#0 02:14:50 02:14:50 02:19:50 SUCCESS"
        ]
    );
    assert_eq!(steps(&outcome).first().unwrap(), "- libraries 240-290");
    let outcome = ran(vec![task("a", 10, &[]), with(task("b", 5, &[0]))]);
    assert_eq!(runs(&outcome), ["02:00:00 02:00:00 02:19:00 SUCCESS"]);
}

/// The task finds the notebook cluster down at 02:00:00 and starts it, in 290 s. What it brought is installed again when the
/// next session starts the cluster, idle and down since, at 08:00:00.
#[test]
fn libraries_of_a_task_stay_on_an_all_purpose_cluster() {
    let outcome = outcome_of(|s| {
        s.timing.libraries = Between::exactly(50);
        s.clusters = vec![cluster(
            "adhoc",
            "00:00:00",
            two_nodes(),
            vec![session("08:00", 5)],
        )];
        s.jobs = vec![of_tasks(vec![Task {
            compute: Compute::Existing("adhoc".to_owned()),
            has_libraries: true,
            ..task("a", 10, &[])
        }])];
    });
    let started = |what: &&String| what.contains(" RUNNING");
    let lines = told(&outcome);
    let running: Vec<_> = lines.iter().filter(started).collect();
    assert_eq!(
        running,
        [
            "00:04:00 RUNNING 1/1",
            "02:04:50 RUNNING 1/1",
            "08:04:50 RUNNING 1/1"
        ]
    );
}

/// 300 s from when the task could begin, of which its cluster took 240.
#[test]
fn an_attempt_that_takes_too_long_is_canceled() {
    let main = |retry_on_timeout| Task {
        timeout_seconds: Some(300),
        max_retries: 1,
        retry_on_timeout,
        ..task("main", 10, &[])
    };
    let outcome = ran(of_tasks(vec![main(false)]));
    assert_eq!(attempts(&outcome), ["main#0 02:00:00 02:04:00 02:05:00 CANCELED"]);
    assert_eq!(runs(&outcome), ["02:00:00 02:00:00 02:05:00 TIMEDOUT"]);
    assert_eq!(billed(&outcome), (2 * 360, 2 * 60));
    let outcome = ran(of_tasks(vec![main(true)]));
    assert_eq!(
        attempts(&outcome),
        [
            "main#0 02:00:00 02:04:00 02:05:00 CANCELED",
            "main#1 02:05:00 02:05:00 02:10:00 CANCELED"
        ]
    );
}

/// Due together, the end comes before the timeout.
#[test]
fn an_attempt_that_ends_in_time_is_not_canceled() {
    let main = Task {
        timeout_seconds: Some(840),
        ..task("main", 10, &[])
    };
    assert_eq!(
        runs(&ran(of_tasks(vec![main]))),
        ["02:00:00 02:00:00 02:14:00 SUCCESS"]
    );
}

#[test]
fn a_run_that_takes_too_long_is_timed_out_with_all_its_tasks() {
    let job = Job {
        timeout_seconds: Some(600),
        ..of_tasks(vec![
            task("a", 3, &[]),
            Task {
                max_retries: 3,
                retry_on_timeout: true,
                ..task("b", 30, &[])
            },
            task("c", 10, &[1]),
        ])
    };
    let outcome = ran(job);
    assert_eq!(
        attempts(&outcome)[..2],
        [
            "a#0 02:00:00 02:04:00 02:07:00 SUCCESS",
            "b#0 02:00:00 02:04:00 02:10:00 CANCELED"
        ]
    );
    assert_eq!(runs(&outcome), ["02:00:00 02:00:00 02:10:00 TIMEDOUT"]);
    assert_eq!(told(&outcome)[3..], ["02:10:00 TERMINATING JOB_FINISHED SUCCESS"]);
}

/// What becomes of a task after one that went well and one that failed, after two that went well, after two that failed.
#[test]
fn run_if_decides_which_ends_let_a_task_run() {
    use RunIf::*;
    // Of the six, which run; and how the run ends: by its leaf.
    let cases = [
        (
            AllSuccess,
            [false, true, false],
            ["UPSTREAM_FAILED", "SUCCESS", "UPSTREAM_FAILED"],
        ),
        (
            AllDone,
            [true, true, true],
            ["SUCCESS_WITH_FAILURES", "SUCCESS", "SUCCESS_WITH_FAILURES"],
        ),
        (
            NoneFailed,
            [false, true, false],
            ["UPSTREAM_FAILED", "SUCCESS", "UPSTREAM_FAILED"],
        ),
        (
            AtLeastOneSuccess,
            [true, true, false],
            ["SUCCESS_WITH_FAILURES", "SUCCESS", "UPSTREAM_FAILED"],
        ),
        (
            AllFailed,
            [false, false, true],
            ["SUCCESS_WITH_FAILURES", "SUCCESS", "SUCCESS_WITH_FAILURES"],
        ),
        (
            AtLeastOneFailed,
            [true, false, true],
            ["SUCCESS_WITH_FAILURES", "SUCCESS", "SUCCESS_WITH_FAILURES"],
        ),
    ];
    for (run_if, does, results) in cases {
        for ((fails, does), result) in [(1, does[0]), (0, does[1]), (2, does[2])]
            .into_iter()
            .zip(results)
        {
            let root = |key, fails| {
                let root = on_serverless(task(key, 10, &[]));
                if fails { failing(root) } else { root }
            };
            let last = Task {
                run_if,
                ..on_serverless(task("last", 5, &[0, 1]))
            };
            let outcome = ran(of_tasks(vec![root("a", fails > 0), root("b", fails > 1), last]));
            let expected = if does {
                "last#0 02:10:00 02:10:00 02:15:00 SUCCESS"
            } else {
                "last#0 02:10:00 - 02:10:00 SKIPPED"
            };
            assert_eq!(
                attempts(&outcome)[2],
                expected,
                "{run_if:?} after {fails} failures"
            );
            assert!(
                runs(&outcome)[0].ends_with(&format!(" {result}")),
                "{run_if:?}: {:?}",
                runs(&outcome)
            );
        }
    }
}

/// 400 minutes every 360: due at 00:00, 06:00, 12:00 and 18:00.
fn every_six_hours(max_concurrent_runs: u32, queue: bool) -> Outcome {
    ran(Job {
        schedule: RunSchedule::Every { minutes: 360 },
        max_concurrent_runs,
        queue,
        ..of_tasks(vec![on_serverless(task("main", 400, &[]))])
    })
}

#[test]
fn runs_beyond_the_most_at_a_time_are_skipped_or_wait() {
    let mut skipping = runs(&every_six_hours(1, false));
    skipping.sort();
    assert_eq!(
        skipping,
        [
            "00:00:00 00:00:00 06:40:00 SUCCESS",
            "06:00:00 06:00:00 06:00:00 MAXIMUM_CONCURRENT_RUNS_REACHED",
            "12:00:00 12:00:00 18:40:00 SUCCESS",
            "18:00:00 18:00:00 18:00:00 MAXIMUM_CONCURRENT_RUNS_REACHED",
        ]
    );
    let mut waiting = runs(&every_six_hours(1, true));
    waiting.sort();
    assert_eq!(
        waiting,
        [
            "00:00:00 00:00:00 06:40:00 SUCCESS",
            "06:00:00 06:40:00 13:20:00 SUCCESS",
            "12:00:00 13:20:00 20:00:00 SUCCESS",
            "18:00:00 20:00:00 - -",
        ]
    );
    let two = every_six_hours(2, false);
    let results: Vec<_> = two.runs.iter().map(|r| r.result).collect();
    let success = Some(ResultState::Success);
    assert_eq!(results, [success, success, success, None]);
}

/// The first run has the only machine of its pool for a week less an hour, to 02:04:00 + 9,900 min of the seventh day;
/// those that wait have their turn all at once, while the machine is not given back yet, and fail.
#[test]
fn a_long_queue_of_runs_that_end_at_once_is_worked_off() {
    let outcome = outcome_of(|s| {
        s.pools = vec![pool("pool-a", json!({"max_capacity": 1}))];
        let mut job = of_tasks(vec![task("main", 9_900, &[])]);
        job.job_clusters[0].admitted = admitted(json!({"num_workers": 0, "instance_pool_id": "pool-a"}));
        job.schedule = RunSchedule::Every { minutes: 1 };
        job.queue = true;
        s.jobs = vec![job];
        s.period.end = s.period.start + chrono::Duration::minutes(9_905);
    });
    // Due at minutes 0 to 9,904; the first ends at 9,904, when the others fail.
    let failed = outcome
        .runs
        .iter()
        .filter(|r| r.result == Some(ResultState::Failed));
    assert_eq!((outcome.runs.len(), failed.count()), (9_905, 9_904));
}

/// Running from 00:04:00, idle to 00:34:00, down at 00:35:00. The task starts it at 02:00:00; it idles from 02:14:00.
#[test]
fn a_task_on_an_existing_cluster_starts_it() {
    let outcome = outcome_of(|s| {
        s.clusters = vec![cluster("adhoc", "00:00:00", two_nodes(), Vec::new())];
        let main = Task {
            compute: Compute::Existing("adhoc".to_owned()),
            ..task("main", 10, &[])
        };
        s.jobs = vec![Job {
            job_clusters: Vec::new(),
            ..of_tasks(vec![main])
        }];
    });
    assert_eq!(
        told(&outcome)[3..],
        [
            "00:34:00 TERMINATING INACTIVITY SUCCESS inactivity_duration_min=30",
            "02:00:00 STARTING size 1 by ana",
            "02:04:00 RUNNING 1/1",
            "02:04:00 DRIVER_HEALTHY",
            "02:44:00 TERMINATING INACTIVITY SUCCESS inactivity_duration_min=30",
        ]
    );
    assert_eq!(attempts(&outcome), ["main#0 02:00:00 02:04:00 02:14:00 SUCCESS"]);
    assert_eq!(*outcome.attempts[0].cluster_id, *only_cluster(&outcome));
    // All-purpose usage knows no job.
    assert!(outcome.usage.iter().all(|u| u.subject.job_name.is_empty()));
    // 35 and 45 minutes, 30 and 40.
    assert_eq!(billed(&outcome), (2 * (2_100 + 2_700), 2 * (1_800 + 2_400)));
}

#[test]
fn a_task_on_a_cluster_that_goes_for_good_fails() {
    for retire_at in ["01:00:00", "02:00:30", "02:10:00"] {
        let outcome = outcome_of(|s| {
            let mut adhoc = cluster("adhoc", "00:00:00", two_nodes(), Vec::new());
            adhoc.commands = vec![command(retire_at, Command::Retire)];
            s.clusters = vec![adhoc];
            let main = Task {
                compute: Compute::Existing("adhoc".to_owned()),
                max_retries: 2,
                ..task("main", 10, &[])
            };
            s.jobs = vec![Job {
                job_clusters: Vec::new(),
                ..of_tasks(vec![main])
            }];
        });
        let failed = outcome
            .attempts
            .iter()
            .filter(|a| a.result.as_str() == "CLUSTER_ERROR")
            .count();
        assert_eq!(failed, 3, "{retire_at}");
        assert_eq!(outcome.runs[0].result, Some(ResultState::Failed));
    }
}

/// The task waits for a cluster that is being torn down, and the cluster is deleted for good meanwhile.
#[test]
fn a_task_that_waits_for_a_cluster_that_goes_for_good_fails() {
    for last in [Command::Retire, Command::PermanentDelete] {
        let outcome = outcome_of(|s| {
            let mut adhoc = cluster("adhoc", "01:00:00", two_nodes(), vec![session("01:00", 90)]);
            adhoc.commands = vec![command("01:59:30", Command::Delete), command("02:00:10", last)];
            s.clusters = vec![adhoc];
            let main = Task {
                compute: Compute::Existing("adhoc".to_owned()),
                ..task("main", 10, &[])
            };
            s.jobs = vec![Job {
                job_clusters: Vec::new(),
                ..of_tasks(vec![main])
            }];
        });
        assert_eq!(attempts(&outcome), ["main#0 02:00:00 - 02:00:10 CLUSTER_ERROR"]);
        assert_eq!(runs(&outcome), ["02:00:00 02:00:00 02:00:10 FAILED"]);
    }
}

#[test]
fn serverless_work_is_billed_by_the_second_and_has_no_machine() {
    let mut main = on_serverless(task("main", 0, &[]));
    // 5 s of the driver, then as many cores as there are tasks: 20 s.
    let mut work: Work = stages(&[(1_000, 20)]);
    work.driver_seconds = Between::exactly(5);
    main.work = Arc::new(work);
    let outcome = ran(of_tasks(vec![main]));
    assert_eq!(attempts(&outcome), ["main#0 02:00:00 02:00:00 02:00:25 SUCCESS"]);
    let [usage] = outcome.usage.as_slice() else {
        panic!("{:?}", outcome.usage)
    };
    assert_eq!(
        (usage.period.seconds(), usage.per_hour),
        (25, Some(Decimal::new(45, 1)))
    );
    assert_eq!(usage.meter.to_string(), SERVERLESS);
    let subject = &usage.subject;
    assert_eq!(
        (subject.job_name.as_str(), subject.cluster_id.as_str()),
        ("etl", "")
    );
    assert_eq!(
        (
            outcome.machines.len(),
            outcome.clusters.len(),
            outcome.events.len()
        ),
        (0, 0, 0)
    );
}

/// A pool without room: the cluster ends at once, and so does the next attempt's.
#[test]
fn a_task_whose_cluster_does_not_come_fails_and_gets_another_with_its_retry() {
    let outcome = outcome_of(|s| {
        s.pools = vec![pool("pool-a", json!({"max_capacity": 0}))];
        let main = Task {
            max_retries: 1,
            retry_seconds: 60,
            ..task("main", 10, &[])
        };
        let mut job = of_tasks(vec![main]);
        job.job_clusters[0].admitted = admitted(json!({"num_workers": 0, "instance_pool_id": "pool-a"}));
        s.jobs = vec![job];
    });
    assert_eq!(
        attempts(&outcome),
        [
            "main#0 02:00:00 - 02:00:00 CLUSTER_ERROR",
            "main#1 02:01:00 - 02:01:00 CLUSTER_ERROR"
        ]
    );
    assert_eq!(outcome.clusters.len(), 2);
    assert_ne!(
        outcome.clusters[0].subject.cluster_id,
        outcome.clusters[1].subject.cluster_id
    );
}
