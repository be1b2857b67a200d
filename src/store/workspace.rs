//! The workspaces that there were, each with the period over which its resource group existed.

use rusqlite::{Row, params};
use serde_json::Value;
use std::sync::Arc;

use super::database::Database;
use super::error::{At, StoreError};
use super::intern::{Interned, Tables};
use super::told::hold_against;
use crate::model::period::{Instant, Period, from_unix, rfc3339};
use crate::model::place::Workspace;

/// A workspace as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWorkspace {
    /// Who told it.
    pub source: Arc<str>,
    /// The workspace.
    pub workspace: Workspace,
    /// The period over which its resource group existed.
    pub period: Period,
}

const INSERT: &str = "INSERT INTO workspace (source_id, name, cloud, region, tier, public_ip, node_disks, \
     nat_gateway, root_storage_gb, autoscale_disk, period_start, period_end) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING";

const SELECT: &str = "SELECT source.name, workspace.name, cloud, region, tier, public_ip, node_disks, nat_gateway, \
     root_storage_gb, autoscale_disk, period_start, period_end \
     FROM workspace JOIN source ON source.id = source_id";

const DOING: &str = "writing workspaces";

impl Database {
    /// Writes workspaces, each with the period over which it existed; how many were new.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one was told differently; then none of them is written.
    pub fn append_workspaces(
        &mut self,
        source: &str,
        workspaces: &[(Workspace, Period)],
    ) -> Result<u64, StoreError> {
        self.in_transaction(DOING, |tables, interned| {
            write_workspaces(tables, interned, source, workspaces)
        })
    }

    /// The workspaces that existed at an instant, in order of name and source.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn workspaces_at(&self, at: Instant) -> Result<Vec<StoredWorkspace>, StoreError> {
        let sql = format!("{SELECT} WHERE period_start <= ?1 AND period_end > ?1");
        self.read_workspaces(&sql, params![at.timestamp()])
    }

    /// All workspaces that were ever told of, in order of name and source.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn workspaces(&self) -> Result<Vec<StoredWorkspace>, StoreError> {
        self.read_workspaces(SELECT, params![])
    }

    fn read_workspaces(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<StoredWorkspace>, StoreError> {
        let doing = "reading workspaces";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path, doing)?;
        let mut rows = statement.query(values).at(&self.path, doing)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().at(&self.path, doing)? {
            let form = Form::of(row).at(&self.path, doing)?;
            let name = form.name.clone();
            let workspace = form.read().map_err(|why| StoreError::Unreadable {
                path: self.path.clone(),
                place: format!("`workspace` {name}"),
                why,
            })?;
            found.push(workspace);
        }
        found.sort_by(|a, b| (&a.workspace.name, &a.source).cmp(&(&b.workspace.name, &b.source)));
        Ok(found)
    }
}

/// A workspace as its columns hold it.
struct Form {
    source: Arc<str>,
    name: String,
    cloud: String,
    region: String,
    tier: String,
    public_ip: bool,
    node_disks: String,
    nat_gateway: bool,
    root_storage_gb: Option<u32>,
    autoscale_disk: String,
    start: i64,
    end: i64,
}

impl Form {
    fn write(source: &str, workspace: &Workspace, period: &Period) -> Form {
        Form {
            source: Arc::from(source),
            name: workspace.name.clone(),
            cloud: workspace.cloud.as_str().to_owned(),
            region: workspace.region.clone().unwrap_or_default(),
            tier: workspace.tier.as_str().to_owned(),
            public_ip: workspace.public_ip,
            node_disks: Value::from(workspace.node_disks.clone()).to_string(),
            nat_gateway: workspace.nat_gateway,
            root_storage_gb: workspace.root_storage_gb,
            autoscale_disk: workspace.autoscale_disk.clone().unwrap_or_default(),
            start: period.start.timestamp(),
            end: period.end.timestamp(),
        }
    }

    fn of(row: &Row<'_>) -> Result<Form, rusqlite::Error> {
        Ok(Form {
            source: row.get(0)?,
            name: row.get(1)?,
            cloud: row.get(2)?,
            region: row.get(3)?,
            tier: row.get(4)?,
            public_ip: row.get(5)?,
            node_disks: row.get(6)?,
            nat_gateway: row.get(7)?,
            root_storage_gb: row.get(8)?,
            autoscale_disk: row.get(9)?,
            start: row.get(10)?,
            end: row.get(11)?,
        })
    }

    fn read(self) -> Result<StoredWorkspace, String> {
        let named = |text: String| (!text.is_empty()).then_some(text);
        let period = Period::new(from_unix(self.start), from_unix(self.end));
        Ok(StoredWorkspace {
            source: self.source,
            workspace: Workspace {
                name: self.name,
                cloud: self
                    .cloud
                    .parse()
                    .map_err(|e| format!("its cloud is unknown: {e}"))?,
                region: named(self.region),
                tier_changes: Vec::new(),
                tier: self
                    .tier
                    .parse()
                    .map_err(|e| format!("its tier is unknown: {e}"))?,
                public_ip: self.public_ip,
                node_disks: serde_json::from_str(&self.node_disks).map_err(|e| e.to_string())?,
                nat_gateway: self.nat_gateway,
                root_storage_gb: self.root_storage_gb,
                autoscale_disk: named(self.autoscale_disk),
            },
            period: period.ok_or_else(|| "its period ends as it starts".to_owned())?,
        })
    }

    fn texts(&self) -> [String; 10] {
        [
            self.cloud.clone(),
            self.region.clone(),
            self.tier.clone(),
            self.public_ip.to_string(),
            self.node_disks.clone(),
            self.nat_gateway.to_string(),
            self.root_storage_gb.map(|gb| gb.to_string()).unwrap_or_default(),
            self.autoscale_disk.clone(),
            rfc3339(from_unix(self.start)),
            rfc3339(from_unix(self.end)),
        ]
    }
}

/// Names of what [`Form::texts`] tells.
const FIELDS: [&str; 10] = [
    "cloud",
    "region",
    "tier",
    "public_ip",
    "node_disks",
    "nat_gateway",
    "root_storage_gb",
    "autoscale_disk",
    "start",
    "end",
];

/// Writes workspaces into the transaction that is open; how many were new.
pub(super) fn write_workspaces(
    tables: Tables<'_>,
    interned: &mut Interned,
    source: &str,
    workspaces: &[(Workspace, Period)],
) -> Result<u64, StoreError> {
    let mut new = 0_u64;
    for (workspace, period) in workspaces {
        let source_id = interned.source(tables, source)?;
        let form = Form::write(source, workspace, period);
        let written = tables.connection.prepare_cached(INSERT).and_then(|mut insert| {
            insert.execute(params![
                source_id,
                form.name,
                form.cloud,
                form.region,
                form.tier,
                form.public_ip,
                form.node_disks,
                form.nat_gateway,
                form.root_storage_gb,
                form.autoscale_disk,
                form.start,
                form.end,
            ])
        });
        if written.at(tables.path, DOING)? == 1 {
            new = new.saturating_add(1);
        } else {
            hold_against_known(tables, source_id, &form)?;
        }
    }
    Ok(new)
}

fn hold_against_known(tables: Tables<'_>, source_id: i64, told: &Form) -> Result<(), StoreError> {
    let sql = format!("{SELECT} WHERE source_id = ?1 AND workspace.name = ?2");
    let known = tables
        .connection
        .prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row(params![source_id, told.name], Form::of))
        .at(tables.path, "reading a workspace")?;
    hold_against(
        || format!("the workspace `{}` of `{}`", told.name, told.source),
        FIELDS,
        known.texts(),
        told.texts(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{at, period};
    use crate::model::place::{Cloud, Tier};

    #[test]
    fn a_workspace_reads_back_and_exists_over_its_period() {
        let mut database = Database::in_memory().unwrap();
        let full = Workspace {
            name: "prod".to_owned(),
            region: Some("westus2".to_owned()),
            public_ip: true,
            node_disks: vec!["E6".to_owned(), "P15".to_owned()],
            nat_gateway: true,
            root_storage_gb: Some(50),
            autoscale_disk: Some("P15".to_owned()),
            ..Workspace::new(Cloud::Azure, Tier::Premium)
        };
        let bare = Workspace {
            name: "dev".to_owned(),
            ..Workspace::new(Cloud::Gcp, Tier::Enterprise)
        };
        let october = period("2026-10-01", "2026-11-01");
        let both = [(full.clone(), october), (bare.clone(), october)];
        assert_eq!(database.append_workspaces("s", &both).unwrap(), 2);
        assert_eq!(database.append_workspaces("s", &both).unwrap(), 0);
        let names = |day: &str| -> Vec<Workspace> {
            let found = database.workspaces_at(at(day)).unwrap();
            found.into_iter().map(|w| w.workspace).collect()
        };
        assert_eq!(names("2026-10-01"), [bare, full.clone()]);
        assert_eq!(names("2026-09-30T23:59:59Z"), []);
        assert_eq!(names("2026-11-01"), []);
        assert_eq!(database.workspaces().unwrap().len(), 2);
        let other = Workspace {
            nat_gateway: false,
            ..full
        };
        let error = database.append_workspaces("s", &[(other, october)]).unwrap_err();
        assert!(
            matches!(&error, StoreError::Conflict { differences, .. } if differences[0].field == "nat_gateway"),
            "{error}"
        );
    }
}
