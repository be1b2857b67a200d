mod census;

use super::*;
use crate::lifecycle::simulation::{Command, NodeKind};
use crate::model::meter::{MeterRate, PurchaseOption};
use crate::model::period::{parse_instant, rfc3339};
use crate::ops::policies::PolicySource;
use crate::plugin::Host;
use crate::plugin::cache::ImageCache;
use crate::plugin::compile::Compiler;
use crate::plugin::limits::Limits;
use std::path::Path;
use std::sync::OnceLock;

/// At most four workers, everywhere.
const POLICY: &str = "policy: small\nguardrail: true\nrules:\n  - { rule: size, plugin: cluster-size, settings: { workers: { max: 4 } } }\n";

const SCENARIO: &str = r#"
scenario: what-if
seed: 7
period: { start: 2026-10-01, end: 2026-11-01 }
team_tag: team
workspaces: [ { name: lake, cloud: AZURE, region: westus2, tier: PREMIUM, nat_gateway: true } ]
pools: [ { workspace: lake, instance_pool_id: pool-a, node_type_id: Standard_F8s, custom_tags: { team: ops }, azure_attributes: { availability: SPOT_AZURE } } ]
incidents:
  - { at: 2026-10-02, object: adhoc, evict: 1 }
  - { at: 2026-10-02, object: wide, evict: 1 }
  - { at: 2026-10-02, object: on-wide, driver_unreachable: true }
price_changes:
  - { at: 2026-10-16, meter: dbu/AZURE/PREMIUM_JOBS_COMPUTE, unit_price: "0.28" }
clusters:
  - name: adhoc
    workspace: lake
    principal: ana
    create_at: 2026-10-01T08:00:00Z
    terminate_at: 2026-10-20
    request: { spark_version: 15.4.x-scala2.12, node_type_id: Standard_DS3_v2, num_workers: 2, custom_tags: { team: bi }, apply_policy_default_values: true }
    commands:
      - { at: 2026-10-02, edit: { num_workers: 9 } }
      - { at: 2026-10-03, edit: { autotermination_minutes: 20 } }
      - { at: 2026-10-04, edit: { num_workers: 3, custom_tags: null } }
      - { at: 2026-10-05, resize: 4 }
  - name: wide
    workspace: lake
    principal: ana
    create_at: 2026-10-01T08:00:00Z
    request: { node_type_id: Standard_DS3_v2, num_workers: 5 }
    commands: [ { at: 2026-10-02, edit: { num_workers: 1 } } ]
  - name: pooled
    workspace: lake
    principal: ana
    create_at: 2026-10-01T08:00:00Z
    request: { instance_pool_id: pool-a, autoscale: { min_workers: 1, max_workers: 4 }, driver_node_type_id: ignored }
  - name: strange
    workspace: lake
    principal: ana
    create_at: 2026-10-01T08:00:00Z
    request: { node_type_id: Standard_Made_Up, num_workers: 0 }
jobs:
  - { name: short, workspace: lake, principal: etl, schedule: { every_minutes: 60 }, run_minutes: 5, new_cluster: { node_type_id: Standard_DS3_v2, num_workers: 1, azure_attributes: { availability: SPOT_WITH_FALLBACK_AZURE, first_on_demand: 1 } } }
  - name: half
    workspace: lake
    principal: etl
    schedule: { every_minutes: 60 }
    job_clusters: [ { job_cluster_key: small, new_cluster: { num_workers: 1 } }, { job_cluster_key: large, new_cluster: { num_workers: 5 } } ]
    tasks: [ { task_key: a, job_cluster_key: small, run_minutes: 1 }, { task_key: b, job_cluster_key: large, run_minutes: 1 } ]
  - { name: on-wide, workspace: lake, principal: etl, schedule: { every_minutes: 60 }, tasks: [ { task_key: a, existing_cluster: wide, run_minutes: 1 } ] }
  - name: mixed
    workspace: lake
    principal: etl
    schedule: { every_minutes: 60 }
    max_concurrent_runs: 3
    queue: true
    timeout_seconds: 60
    tasks:
      - { task_key: b, depends_on: [a], existing_cluster: adhoc, run_minutes: 1, max_retries: 2, min_retry_interval_seconds: 5, retry_on_timeout: true, timeout_seconds: 9, failures_per_million: 7 }
      - { task_key: a, serverless: { dbu_per_hour: "4.5", custom_tags: { team: ml } }, run_minutes: 1 }
"#;

struct Admission {
    judged: Vec<Judged>,
    simulation: Simulation,
    catalogue: Catalogue,
}

/// The scenario above, admitted once for all tests that only read it.
fn shared() -> &'static Admission {
    static ADMITTED: OnceLock<Admission> = OnceLock::new();
    ADMITTED.get_or_init(|| admitted(SCENARIO).unwrap_or_else(|e| panic!("{e}")))
}

fn admitted(scenario: &str) -> Result<Admission, Diagnostics> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.yaml"), POLICY).unwrap();
    let scenario = Scenario::parse(Document::parse("s.yaml", scenario).unwrap(), Vec::new()).unwrap();
    let host = Host::new(Limits::default(), Compiler::InProcess, None).unwrap();
    admitted_by(&scenario, folder.path(), &host)
}

fn admitted_by(scenario: &Scenario, policies: &Path, host: &Host) -> Result<Admission, Diagnostics> {
    let mut policies = Policies::open(&PolicySource::Folder(policies.to_owned()), host).unwrap();
    let mut catalogue = Catalogue::default();
    let (judged, simulation) = admit(scenario, &mut policies, &mut catalogue, &mut |_| {})?;
    Ok(Admission {
        judged,
        simulation,
        catalogue,
    })
}

fn meters(rates: &[MeterRate]) -> Vec<String> {
    let shown = |rate: &MeterRate| match rate.per_hour {
        Some(per_hour) => format!("{} {per_hour}", rate.meter),
        None => format!("{} ?", rate.meter),
    };
    rates.iter().map(shown).collect()
}

/// VM sizes and DBU meters of both ways to buy a machine.
fn shown(node: &NodeKind) -> [Vec<String>; 4] {
    let both = [&node.on_demand, &node.spot];
    let [od, spot] = both.map(|m| meters(&m.while_provisioned));
    let [od_dbu, spot_dbu] = both.map(|m| meters(std::slice::from_ref(&m.while_running)));
    [od, spot, od_dbu, spot_dbu]
}

#[test]
fn what_passes_is_in_the_simulation_with_what_hangs_on_it() {
    let Admission {
        judged,
        simulation,
        catalogue,
    } = shared();
    let requests: Vec<_> = judged
        .iter()
        .map(|j| (j.judged.name.as_str(), rfc3339(j.at), j.judged.decision.outcome))
        .collect();
    let line = |name, at: &str, outcome| (name, format!("2026-10-{at}:00:00Z"), outcome);
    let (allow, deny) = (Outcome::Allow, Outcome::Deny);
    assert_eq!(
        requests,
        [
            line("adhoc", "01T08", allow),
            line("adhoc/edit-1", "02T00", deny),
            line("adhoc/edit-2", "03T00", allow),
            line("adhoc/edit-3", "04T00", allow),
            // Nothing is asked of a cluster that there is not.
            line("wide", "01T08", deny),
            line("pooled", "01T08", allow),
            line("strange", "01T08", allow),
            line("short", "01T00", allow),
            line("half/small", "01T00", allow),
            line("half/large", "01T00", deny),
        ]
    );
    let names: Vec<&str> = simulation.clusters.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["adhoc", "pooled", "strange"]);
    let names: Vec<&str> = simulation.jobs.iter().map(|j| j.name.as_str()).collect();
    assert_eq!(names, ["short", "mixed"]);
    let objects: Vec<&str> = simulation.incidents.iter().map(|i| i.object.as_str()).collect();
    assert_eq!(objects, ["adhoc"]);
    let [workspace] = simulation.workspaces.as_slice() else {
        panic!()
    };
    assert!(workspace.workspace.nat_gateway);

    let jobs = "dbu/AZURE/PREMIUM_JOBS_COMPUTE".parse().unwrap();
    let price = |at| {
        let at = parse_instant(at).unwrap();
        catalogue
            .book
            .price_at(&jobs, at)
            .map(|p| (p.unit_price.to_string(), p.source.to_string()))
    };
    let told = |price: &str, source: &str| Some((price.to_owned(), source.to_owned()));
    assert_eq!(
        price("2026-10-15T23:59:59Z"),
        told("0.3", "azure-dbu#azure-page-2023-07")
    );
    assert_eq!(price("2026-10-16"), told("0.28", "what-if#price_changes"));
}

#[test]
fn an_edit_changes_the_definition_that_the_cluster_has() {
    let simulation = &shared().simulation;
    let cluster = &simulation.clusters[0];
    assert_eq!(
        (cluster.admitted.team.as_str(), cluster.admitted.owner.as_str()),
        ("bi", "ana")
    );
    // Neither size nor what only speaks to policies.
    assert_eq!(
        *cluster.admitted.attributes,
        serde_json::json!({"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2",
            "custom_tags": {"team": "bi"}, "cluster_name": "adhoc"})
    );
    let told: Vec<_> = cluster.commands.iter().map(|(_, c)| c.as_str()).collect();
    assert_eq!(told, ["edit", "edit", "resize", "delete"]);
    let edits: Vec<_> = cluster
        .commands
        .iter()
        .filter_map(|(_, command)| match command {
            Command::Edit(admitted) => Some((
                admitted.spec.workers.max,
                admitted.spec.autotermination_minutes,
                admitted.team.as_str(),
            )),
            _ => None,
        })
        .collect();
    // The first, to nine workers, was denied: the second knows nothing of it, the third knows the second.
    assert_eq!(edits, [(2, Some(20), "bi"), (3, Some(20), "unallocated")]);
    assert_eq!(cluster.commands[3].1, Command::Retire);
}

#[test]
fn machines_have_their_meters_however_they_are_bought() {
    let simulation = &shared().simulation;
    let adhoc = &simulation.clusters[0].admitted;
    assert_eq!(
        shown(&adhoc.driver),
        [
            ["vm/AZURE/westus2/Standard_DS3_v2/on_demand 1".to_owned()],
            ["vm/AZURE/westus2/Standard_DS3_v2/spot 1".to_owned()],
            ["dbu/AZURE/PREMIUM_ALL_PURPOSE_COMPUTE 0.75".to_owned()],
            ["dbu/AZURE/PREMIUM_ALL_PURPOSE_COMPUTE 0.75".to_owned()],
        ]
    );
    assert_eq!(
        (adhoc.driver.vcpus, adhoc.driver.local_disk_mb),
        (Some(4), Some(28 * 1024))
    );
    assert_eq!(adhoc.worker, adhoc.driver);
    // A job, whatever its availability says.
    let short = &simulation.jobs[0].job_clusters[0].admitted;
    assert_eq!(
        shown(&short.worker)[0],
        ["vm/AZURE/westus2/Standard_DS3_v2/on_demand 1"]
    );
    assert_eq!(shown(&short.worker)[3], ["dbu/AZURE/PREMIUM_JOBS_COMPUTE 0.75"]);
    // From a pool: its node type for both, its team for what is idle.
    let pooled = &simulation.clusters[1].admitted;
    assert_eq!(
        (&*pooled.driver.node_type_id, &*pooled.worker.node_type_id),
        ("Standard_F8s", "Standard_F8s")
    );
    let [pool] = simulation.pools.as_slice() else {
        panic!()
    };
    assert_eq!(
        (&*pool.node.node_type_id, pool.team.as_str(), pool.node.vcpus),
        ("Standard_F8s", "ops", Some(8))
    );
    assert_eq!(shown(&pool.node)[1], ["vm/AZURE/westus2/Standard_F8s/spot 1"]);
    assert_eq!(
        pool.pool.purchase_option(crate::model::place::Cloud::Azure),
        PurchaseOption::Spot
    );
    let strange = &simulation.clusters[2].admitted;
    assert_eq!(
        (strange.driver.vcpus, shown(&strange.driver)[2].as_slice()),
        (
            None,
            ["dbu/AZURE/PREMIUM_ALL_PURPOSE_COMPUTE ?".to_owned()].as_slice()
        )
    );
}

#[test]
fn tasks_run_where_they_say() {
    let simulation = &shared().simulation;
    let job = &simulation.jobs[1];
    assert_eq!(
        (job.max_concurrent_runs, job.queue, job.timeout_seconds),
        (3, true, Some(60))
    );
    let [a, b] = job.tasks.as_slice() else { panic!() };
    let Compute::Serverless(serverless) = &a.compute else {
        panic!()
    };
    assert_eq!(
        (serverless.meter.to_string().as_str(), serverless.team.as_str()),
        ("dbu/AZURE/PREMIUM_JOBS_SERVERLESS_COMPUTE_US_WEST_2", "ml")
    );
    assert_eq!(serverless.dbu_per_hour.unwrap().to_string(), "4.5");
    assert_eq!(b.compute, Compute::Existing("adhoc".to_owned()));
    assert_eq!(
        (b.depends_on.as_slice(), b.max_retries, b.retry_seconds),
        ([0].as_slice(), 2, 5)
    );
    assert_eq!(
        (b.retry_on_timeout, b.timeout_seconds, b.failures_per_million),
        (true, Some(9), 7)
    );
    assert!(job.job_clusters.is_empty());
}

#[test]
fn a_price_that_nobody_has_cannot_change() {
    let slip = SCENARIO.replace("dbu/AZURE/PREMIUM_JOBS_COMPUTE", "dbu/AZURE/PREMIUM_JOB_COMPUTE");
    let found = admitted(&slip).err().unwrap();
    let [problem] = found.0.as_slice() else {
        panic!("{found}")
    };
    assert_eq!(
        (problem.code, problem.line, problem.path.as_str()),
        ("price::unknown", 13, "meter")
    );
    assert_eq!(
        problem.hint.as_deref(),
        Some("did you mean `dbu/AZURE/PREMIUM_JOBS_COMPUTE`?")
    );
}

/// The table of `examples/lifecycle/README.md`.
#[test]
fn the_variants_of_the_example_are_admitted_as_its_readme_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lifecycle");
    let source = super::super::source::Source::read(&folder).unwrap();
    let week = Scenario::parse(source.main, source.includes).unwrap();
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let (denied, all) = cells.get(3)?.split_once(" of ")?;
        let number = |text: &str| text.parse::<usize>().unwrap();
        Some((
            cells[1].trim_matches('`').to_owned(),
            (number(denied), number(all)),
        ))
    });
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), week.variants.len() + 1);
    // What one variant has compiled the next one finds.
    let images = tempfile::tempdir().unwrap();
    let cache = ImageCache::open(images.path()).unwrap();
    let host = Host::new(Limits::default(), Compiler::InProcess, Some(cache)).unwrap();
    for (name, expected) in rows {
        let variant = week.variant(&name).unwrap();
        let policies = folder.join(variant.policies.as_deref().unwrap());
        let admission = admitted_by(&variant, &policies, &host).unwrap_or_else(|e| panic!("{name}: {e}"));
        let denied = admission
            .judged
            .iter()
            .filter(|j| j.judged.decision.outcome != Outcome::Allow);
        assert_eq!((denied.count(), admission.judged.len()), expected, "{name}");
        let nightly = admission.simulation.jobs.iter().any(|job| job.name == "nightly");
        assert_eq!(
            nightly,
            !["strict", "jobs-only"].contains(&name.as_str()),
            "{name}"
        );
    }
}
