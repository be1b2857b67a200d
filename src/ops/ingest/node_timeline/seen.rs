//! Rows become stretches of machines, by workspace.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::intake::node_timeline::{NodeMinute, read};
use crate::lifecycle::presence::{Added, Instance};
use crate::model::diagnostic::Diagnostics;
use crate::ops::files::TableFile;
use crate::ops::ingest::Step;
use crate::ops::ingest::rejects::Rejects;
use crate::report::node_timeline::NodeRows;

/// Rows after which progress is told.
const STEP: usize = 10_000;

/// All that was seen.
#[derive(Default)]
pub(super) struct Seen {
    pub workspaces: BTreeMap<Arc<str>, SeenWorkspace>,
    pub rows: NodeRows,
    /// Names, each once.
    names: HashSet<Arc<str>>,
}

/// What was seen in a workspace.
#[derive(Default)]
pub(super) struct SeenWorkspace {
    pub instances: BTreeMap<Arc<str>, Instance>,
    /// The last second of the table.
    pub end: i64,
}

impl Seen {
    /// Reads all files.
    ///
    /// # Errors
    /// A file without any row of nodes; one that cannot be opened.
    pub fn read(
        sources: &[TableFile],
        rejects: &mut Rejects<'_>,
        progress: &mut dyn FnMut(Step),
    ) -> Result<Seen, Diagnostics> {
        let mut seen = Seen::default();
        let mut machines: HashMap<(Arc<str>, Arc<str>), Instance> = HashMap::new();
        for file in sources {
            let is_table = read(&file.source, file.open()?, &mut |told| {
                match told {
                    Ok(taken) => seen.row(&taken.row, &mut machines),
                    Err(rejected) => {
                        let is_row = usize::from(rejected.row.is_some());
                        seen.rows.read = seen.rows.read.saturating_add(is_row);
                        seen.rows.rejected = seen.rows.rejected.saturating_add(is_row);
                        rejects.reject(rejected);
                    }
                }
                if seen.rows.read.checked_rem(STEP) == Some(0) {
                    progress(Step::Read(u64::try_from(seen.rows.read).unwrap_or(u64::MAX)));
                }
                ControlFlow::Continue(())
            });
            if !is_table {
                return Err(rejects.shown_of(&file.source));
            }
        }
        for ((workspace, instance_id), instance) in machines {
            if let Some(workspace) = seen.workspaces.get_mut(&workspace) {
                workspace.instances.insert(instance_id, instance);
            }
        }
        Ok(seen)
    }

    fn row(&mut self, row: &NodeMinute, machines: &mut HashMap<(Arc<str>, Arc<str>), Instance>) {
        self.rows.read = self.rows.read.saturating_add(1);
        let [workspace, instance_id, cluster_id, node_type] = [
            &row.workspace_id,
            &row.instance_id,
            &row.cluster_id,
            &row.node_type,
        ]
        .map(|name| self.name(name));
        let of_workspace = match self.workspaces.get_mut(&workspace) {
            Some(known) => known,
            None => self
                .workspaces
                .entry(Arc::clone(&workspace))
                .or_insert_with(|| SeenWorkspace {
                    end: i64::MIN,
                    ..SeenWorkspace::default()
                }),
        };
        of_workspace.end = of_workspace.end.max(row.period.end.timestamp());
        let instance = machines.entry((workspace, instance_id)).or_default();
        match instance.see(&cluster_id, &node_type, row.is_driver, row.period) {
            Added::New => {}
            Added::Known => self.rows.repeated = self.rows.repeated.saturating_add(1),
            Added::Overlapping => self.rows.overlapping = self.rows.overlapping.saturating_add(1),
        }
    }

    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(name);
        self.names.insert(Arc::clone(&new));
        new
    }
}
