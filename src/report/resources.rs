//! What exists in the cloud at an instant: workspaces with their fixed part and the counts of their pools, and machines by
//! cluster or pool.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use comfy_table::presets;

use super::render::name::{self, visible};
use crate::databricks::instance_pool::InstancePoolStats;
use crate::model::machine::{Resource, ResourceKind};
use crate::model::meter::{Meter, PurchaseOption};
use crate::model::period::{Instant, Period, rfc3339};
use crate::model::place::Cloud;
use crate::model::usage::Subject;

/// What exists at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceReport {
    /// The instant.
    pub at: Instant,
    /// Workspaces, by name and source.
    pub workspaces: Vec<WorkspaceResources>,
    /// Over which period the ledger tells of workspaces; none if of no workspace.
    pub known: Option<Period>,
    /// Machines of workspaces that nobody described, so that their cloud is not known. They are not listed.
    pub undescribed: u64,
}

/// What a workspace has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceResources {
    /// Who told of it.
    pub source: Arc<str>,
    /// Its name.
    pub workspace: String,
    /// Its cloud.
    pub cloud: Cloud,
    /// Its region, if known.
    pub region: Option<String>,
    /// What is there without any machine.
    pub fixed: Vec<Resource>,
    /// Instance pools, by `instance_pool_id`.
    pub pools: Vec<PoolResources>,
    /// Machines in the order in which they are shown: those of one cluster or pool stand together.
    pub machines: Vec<MachineResources>,
}

/// What an instance pool holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolResources {
    /// Its id.
    pub instance_pool_id: String,
    /// As the Instance Pools API counts.
    pub stats: InstancePoolStats,
    /// Instances that are being given back to the cloud: they still exist, and the API counts them no more.
    pub terminating: u32,
}

/// A machine and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineResources {
    /// Whose it is at that instant.
    pub subject: Arc<Subject>,
    /// Its id.
    pub instance_id: Arc<str>,
    /// VM size.
    pub node_type_id: Arc<str>,
    /// How it was bought.
    pub purchase_option: PurchaseOption,
    /// Whether it was launched as a driver.
    pub driver: bool,
    /// Since when it has existed.
    pub since: Instant,
    /// Itself and what belongs to it.
    pub resources: Vec<Resource>,
}

impl ResourceReport {
    fn pools(&self) -> impl Iterator<Item = (&WorkspaceResources, &PoolResources)> {
        let of = |workspace| move |pool| (workspace, pool);
        self.workspaces
            .iter()
            .flat_map(move |w| w.pools.iter().map(of(w)))
    }

    fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.workspaces.iter().flat_map(|workspace| {
            let of_machines = workspace.machines.iter().flat_map(|m| &m.resources);
            workspace.fixed.iter().chain(of_machines)
        })
    }

    /// How many there are of each kind, in the order of kinds.
    pub fn totals(&self) -> Vec<(ResourceKind, u64)> {
        let mut counts: BTreeMap<ResourceKind, u64> = BTreeMap::new();
        for resource in self.resources() {
            let count = counts.entry(resource.kind).or_default();
            *count = count.saturating_add(1);
        }
        counts.into_iter().collect()
    }

    fn rows(&self) -> Vec<ResourceRow<'_>> {
        let mut rows = Vec::new();
        for workspace in &self.workspaces {
            rows.extend(
                workspace
                    .fixed
                    .iter()
                    .map(|r| ResourceRow::of(workspace, None, r)),
            );
            for machine in &workspace.machines {
                let resources = machine.resources.iter();
                rows.extend(resources.map(|r| ResourceRow::of(workspace, Some(machine), r)));
            }
        }
        rows
    }
}

/// What exists, for people.
pub fn text(report: &ResourceReport) -> String {
    let mut out = String::new();
    let at = rfc3339(report.at);
    let count = report.resources().count();
    if count == 0 {
        let _ = writeln!(out, "Resources at {at}: none");
        if let Some(known) = &report.known
            && !known.contains(report.at)
        {
            let _ = writeln!(out, "the ledger tells of workspaces over {known}");
        }
    } else {
        let _ = writeln!(out, "Resources at {at}: {count}");
    }
    for workspace in &report.workspaces {
        workspace_text(workspace, &mut out);
    }
    if count > 0 {
        let rows = report.totals().into_iter();
        let rows = rows.map(|(kind, n)| vec![kind.as_str().to_owned(), n.to_string()]);
        let _ = writeln!(out, "\nIn all\n{}", table(&["Kind", "Number"], rows));
    }
    if report.undescribed > 0 {
        let _ = writeln!(
            out,
            "\nwarning: {} machines of workspaces that nobody described are not listed",
            report.undescribed
        );
    }
    out
}

fn workspace_text(workspace: &WorkspaceResources, out: &mut String) {
    let region = workspace.region.as_deref().unwrap_or("unknown region");
    let _ = writeln!(
        out,
        "\n{} ({} {}), told by {}",
        visible(&workspace.workspace),
        workspace.cloud,
        visible(region),
        visible(&workspace.source)
    );
    const COLUMNS: [&str; 4] = ["Kind", "Name", "Type", "Billed by"];
    if !workspace.fixed.is_empty() {
        let rows = workspace.fixed.iter().map(cells);
        let _ = writeln!(out, "\nFixed part\n{}", table(&COLUMNS, rows));
    }
    if !workspace.pools.is_empty() {
        let rows = workspace.pools.iter().map(pool_cells);
        let _ = writeln!(out, "\nInstance pools\n{}", table(&POOL_COLUMNS, rows));
    }
    for machines in workspace.machines.chunk_by(|a, b| holder(a) == holder(b)) {
        let Some(first) = machines.first() else { continue };
        let _ = writeln!(
            out,
            "\n{}: {}",
            title(&first.subject),
            number(machines.len(), "machine")
        );
        let rows = machines.iter().flat_map(|machine| {
            let itself = machine.resources.iter().take(1).map(|r| {
                let mut cells = cells(r);
                if let Some(kind) = cells.first_mut() {
                    kind.push_str(if machine.driver { " (driver)" } else { "" });
                }
                cells
            });
            itself.chain(machine.resources.iter().skip(1).map(cells))
        });
        let _ = writeln!(out, "{}", table(&COLUMNS, rows));
    }
}

/// What makes two machines stand together.
fn holder(machine: &MachineResources) -> (&str, &str, bool) {
    let subject = &machine.subject;
    let idle = subject.cluster_id.is_empty();
    let pool = if idle { subject.pool.as_str() } else { "" };
    (&subject.cluster_id, pool, idle)
}

fn title(subject: &Subject) -> String {
    let team = match subject.team.as_str() {
        "" => String::new(),
        team => format!(", team {}", visible(team)),
    };
    let (name, id) = (visible(&subject.cluster_name), visible(&subject.cluster_id));
    match (name.as_str(), id.as_str()) {
        ("", "") if subject.pool.is_empty() => format!("No cluster{team}"),
        (_, "") => format!("Pool {}, idle{team}", visible(&subject.pool)),
        ("", id) => format!("Cluster {id}{team}"),
        (name, id) => format!("Cluster {name} ({id}){team}"),
    }
}

fn cells(resource: &Resource) -> Vec<String> {
    vec![
        resource.kind.as_str().to_owned(),
        visible(&resource.name),
        resource.cloud_type.to_owned(),
        resource
            .meter
            .as_ref()
            .map(|m| visible(&m.to_string()))
            .unwrap_or_default(),
    ]
}

/// The counts, spelled as the Instance Pools API spells them.
const POOL_COLUMNS: [&str; 6] = [
    "Pool",
    "idle_count",
    "used_count",
    "pending_idle_count",
    "pending_used_count",
    "terminating",
];

fn pool_cells(pool: &PoolResources) -> Vec<String> {
    let stats = &pool.stats;
    vec![
        visible(&pool.instance_pool_id),
        stats.idle_count.to_string(),
        stats.used_count.to_string(),
        stats.pending_idle_count.to_string(),
        stats.pending_used_count.to_string(),
        pool.terminating.to_string(),
    ]
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut drawn = comfy_table::Table::new();
    drawn.load_style(presets::NOTHING);
    drawn.set_header(header.iter().copied());
    drawn.add_rows(rows);
    for column in drawn.column_iter_mut() {
        column.set_padding((2, 0));
    }
    drawn.trim_fmt()
}

fn number(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// A resource with all that tells whose it is. Keys may be added, never renamed. Empty text means none.
#[derive(Debug, Serialize)]
struct ResourceRow<'a> {
    source: &'a str,
    workspace: &'a str,
    cloud: Cloud,
    region: &'a str,
    kind: ResourceKind,
    #[serde(rename = "type")]
    cloud_type: &'static str,
    name: &'a str,
    meter: String,
    instance_id: &'a str,
    node_type_id: &'a str,
    purchase_option: &'static str,
    driver: Option<bool>,
    since: String,
    cluster_id: &'a str,
    cluster_name: &'a str,
    job_name: &'a str,
    run_id: &'a str,
    pool: &'a str,
    team: &'a str,
}

impl<'a> ResourceRow<'a> {
    fn of(
        workspace: &'a WorkspaceResources,
        machine: Option<&'a MachineResources>,
        resource: &'a Resource,
    ) -> ResourceRow<'a> {
        let of_subject = |field: fn(&Subject) -> &str| machine.map_or("", |m| field(&m.subject));
        ResourceRow {
            source: &workspace.source,
            workspace: &workspace.workspace,
            cloud: workspace.cloud,
            region: workspace.region.as_deref().unwrap_or_default(),
            kind: resource.kind,
            cloud_type: resource.cloud_type,
            name: &resource.name,
            meter: resource.meter.as_ref().map(Meter::to_string).unwrap_or_default(),
            instance_id: machine.map_or("", |m| &m.instance_id),
            node_type_id: machine.map_or("", |m| &m.node_type_id),
            purchase_option: machine.map_or("", |m| m.purchase_option.as_str()),
            driver: machine.map(|m| m.driver),
            since: machine.map(|m| rfc3339(m.since)).unwrap_or_default(),
            cluster_id: of_subject(|s| &s.cluster_id),
            cluster_name: of_subject(|s| &s.cluster_name),
            job_name: of_subject(|s| &s.job_name),
            run_id: of_subject(|s| &s.run_id),
            pool: of_subject(|s| &s.pool),
            team: of_subject(|s| &s.team),
        }
    }
}

/// A pool with all that tells where it is. Keys may be added, never renamed.
#[derive(Debug, Serialize)]
struct PoolRow<'a> {
    source: &'a str,
    workspace: &'a str,
    instance_pool_id: &'a str,
    stats: InstancePoolStats,
    terminating: u32,
}

/// What exists, as one JSON value: resources and pools in the order of the text, totals in the order of kinds.
pub fn json(report: &ResourceReport) -> serde_json::Value {
    let totals: serde_json::Map<String, serde_json::Value> = report
        .totals()
        .into_iter()
        .map(|(kind, n)| (kind.as_str().to_owned(), n.into()))
        .collect();
    let pools = report.pools().map(|(workspace, pool)| PoolRow {
        source: &workspace.source,
        workspace: &workspace.workspace,
        instance_pool_id: &pool.instance_pool_id,
        stats: pool.stats,
        terminating: pool.terminating,
    });
    serde_json::json!({
        "at": rfc3339(report.at),
        "instance_pools": pools.collect::<Vec<_>>(),
        "resources": report.rows(),
        "totals": totals,
        "undescribed_machines": report.undescribed,
    })
}

/// Column names; columns may be added at the end, not renamed or moved.
const HEADER: [&str; 25] = [
    "at",
    "source",
    "workspace",
    "cloud",
    "region",
    "kind",
    "type",
    "name",
    "meter",
    "instance_id",
    "node_type_id",
    "purchase_option",
    "driver",
    "since",
    "cluster_id",
    "cluster_name",
    "job_name",
    "run_id",
    "pool",
    "team",
    "idle_count",
    "used_count",
    "pending_idle_count",
    "pending_used_count",
    "terminating",
];

/// What exists, a line each; then a line for each pool, of the kind `instance_pool`, which alone has counts.
///
/// # Errors
/// What the writer says, which memory alone can cause.
pub fn csv(report: &ResourceReport) -> Result<String, String> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER).map_err(|e| e.to_string())?;
    let at = rfc3339(report.at);
    for row in report.rows() {
        let driver = row.driver.map(|d| d.to_string()).unwrap_or_default();
        let cells = [
            at.as_str(),
            row.source,
            row.workspace,
            row.cloud.as_str(),
            row.region,
            row.kind.as_str(),
            row.cloud_type,
            row.name,
            &row.meter,
            row.instance_id,
            row.node_type_id,
            row.purchase_option,
            &driver,
            &row.since,
            row.cluster_id,
            row.cluster_name,
            row.job_name,
            row.run_id,
            row.pool,
            row.team,
        ];
        let cells = cells.iter().copied().chain([""; 5]).map(name::csv);
        writer.write_record(cells).map_err(|e| e.to_string())?;
    }
    for (workspace, pool) in report.pools() {
        let line = pool_line(&at, workspace, pool);
        writer.write_record(line).map_err(|e| e.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}

fn pool_line(at: &str, workspace: &WorkspaceResources, pool: &PoolResources) -> [String; HEADER.len()] {
    HEADER.map(|column| match column {
        "at" => at.to_owned(),
        "source" => name::csv(&workspace.source),
        "workspace" => name::csv(&workspace.workspace),
        "cloud" => workspace.cloud.as_str().to_owned(),
        "region" => name::csv(workspace.region.as_deref().unwrap_or_default()),
        "kind" => "instance_pool".to_owned(),
        "name" | "pool" => name::csv(&pool.instance_pool_id),
        "idle_count" => pool.stats.idle_count.to_string(),
        "used_count" => pool.stats.used_count.to_string(),
        "pending_idle_count" => pool.stats.pending_idle_count.to_string(),
        "pending_used_count" => pool.stats.pending_used_count.to_string(),
        "terminating" => pool.terminating.to_string(),
        _ => String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, period, subject};

    fn resource(kind: ResourceKind, name: &str, meter: Option<&str>) -> Resource {
        Resource {
            kind,
            cloud_type: "Microsoft.Compute/x",
            name: name.to_owned(),
            instance_id: None,
            meter: meter.map(|m| m.parse().unwrap()),
        }
    }

    fn machine(id: &str, subject: Subject, driver: bool) -> MachineResources {
        MachineResources {
            subject: Arc::new(subject),
            instance_id: id.into(),
            node_type_id: "Standard_DS3_v2".into(),
            purchase_option: PurchaseOption::OnDemand,
            driver,
            since: at("2026-10-01T02:00:00Z"),
            resources: vec![
                resource(
                    ResourceKind::VirtualMachine,
                    id,
                    Some("vm/AZURE/westus2/Standard_DS3_v2/on_demand"),
                ),
                resource(ResourceKind::OsDisk, &format!("{id}-osDisk"), None),
            ],
        }
    }

    fn idle(pool: &str) -> Subject {
        Subject {
            team: "platform".to_owned(),
            pool: pool.to_owned(),
            ..Subject::default()
        }
    }

    fn small() -> ResourceReport {
        ResourceReport {
            at: at("2026-10-01T02:10:00Z"),
            workspaces: vec![WorkspaceResources {
                source: "october".into(),
                workspace: "prod".to_owned(),
                cloud: Cloud::Azure,
                region: Some("westus2".to_owned()),
                fixed: vec![resource(ResourceKind::SecurityGroup, "workers-sg", None)],
                pools: vec![PoolResources {
                    instance_pool_id: "warm".to_owned(),
                    stats: InstancePoolStats {
                        idle_count: 1,
                        used_count: 2,
                        pending_idle_count: 3,
                        pending_used_count: 4,
                    },
                    terminating: 5,
                }],
                machines: vec![
                    machine("aa", subject("etl", "=nightly"), true),
                    machine("bb", subject("etl", "=nightly"), false),
                    machine("cc", idle("warm"), false),
                ],
            }],
            known: Some(period("2026-10-01", "2026-11-01")),
            undescribed: 0,
        }
    }

    #[test]
    fn as_text() {
        insta::assert_snapshot!(text(&small()), @r"
        Resources at 2026-10-01T02:10:00Z: 7

        prod (AZURE westus2), told by october

        Fixed part
          Kind            Name        Type                 Billed by
          security_group  workers-sg  Microsoft.Compute/x

        Instance pools
          Pool  idle_count  used_count  pending_idle_count  pending_used_count  terminating
          warm  1           2           3                   4                   5

        Cluster =nightly (id-=nightly), team etl: 2 machines
          Kind                      Name       Type                 Billed by
          virtual_machine (driver)  aa         Microsoft.Compute/x  vm/AZURE/westus2/Standard_DS3_v2/on_demand
          os_disk                   aa-osDisk  Microsoft.Compute/x
          virtual_machine           bb         Microsoft.Compute/x  vm/AZURE/westus2/Standard_DS3_v2/on_demand
          os_disk                   bb-osDisk  Microsoft.Compute/x

        Pool warm, idle, team platform: 1 machine
          Kind             Name       Type                 Billed by
          virtual_machine  cc         Microsoft.Compute/x  vm/AZURE/westus2/Standard_DS3_v2/on_demand
          os_disk          cc-osDisk  Microsoft.Compute/x

        In all
          Kind             Number
          security_group   1
          virtual_machine  3
          os_disk          3
        ");
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        let nothing = ResourceReport {
            at: at("2027-01-01"),
            workspaces: Vec::new(),
            undescribed: 2,
            ..small()
        };
        insta::assert_snapshot!(text(&nothing), @r"
        Resources at 2027-01-01T00:00:00Z: none
        the ledger tells of workspaces over [2026-10-01T00:00:00Z, 2026-11-01T00:00:00Z)

        warning: 2 machines of workspaces that nobody described are not listed
        ");
    }

    #[test]
    fn as_csv() {
        let csv = csv(&small()).unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 1 + 1 + 3 * 2 + 1);
        assert_eq!(
            lines[2],
            "2026-10-01T02:10:00Z,october,prod,AZURE,westus2,virtual_machine,Microsoft.Compute/x,aa,\
             vm/AZURE/westus2/Standard_DS3_v2/on_demand,aa,Standard_DS3_v2,on_demand,true,2026-10-01T02:00:00Z,\
             id-=nightly,'=nightly,,,,etl,,,,,"
        );
        assert_eq!(
            lines[8],
            "2026-10-01T02:10:00Z,october,prod,AZURE,westus2,instance_pool,,warm,,,,,,,,,,,warm,,1,2,3,4,5"
        );
        for record in ::csv::Reader::from_reader(csv.as_bytes()).records() {
            assert_eq!(record.unwrap().len(), HEADER.len());
        }
    }

    #[test]
    fn as_json() {
        let json = json(&small());
        assert_eq!(
            json["totals"].to_string(),
            r#"{"security_group":1,"virtual_machine":3,"os_disk":3}"#
        );
        let resources = json["resources"].as_array().unwrap();
        assert_eq!(resources.len(), 7);
        assert_eq!(resources[0]["driver"], serde_json::Value::Null);
        assert_eq!(
            (&resources[5]["pool"], &resources[5]["cluster_id"]),
            (&"warm".into(), &"".into())
        );
        assert_eq!(
            json["instance_pools"].to_string(),
            "[{\"source\":\"october\",\"workspace\":\"prod\",\"instance_pool_id\":\"warm\",\"stats\":{\"idle_count\":1,\
             \"used_count\":2,\"pending_idle_count\":3,\"pending_used_count\":4},\"terminating\":5}]"
        );
    }
}
