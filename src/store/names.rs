//! Interning for histories: clusters, instances, pools and short texts become small numbers, remembered between
//! batches.

use rusqlite::params;
use std::sync::Arc;

use super::error::StoreError;
use super::intern::{Memory, Tables, remember};

/// What was interned so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: Memory<Arc<str>, i64>,
    clusters: Memory<(i64, Arc<str>, Arc<str>), i64>,
    pools: Memory<(Arc<str>, Arc<str>), i64>,
    instances: Memory<(i64, Arc<str>), i64>,
}

impl Names {
    /// A short text that repeats.
    pub fn name(&mut self, tables: Tables<'_>, name: &str) -> Result<i64, StoreError> {
        if let Some(id) = self.names.get(name) {
            return Ok(*id);
        }
        let id = tables.new_id(
            "INSERT INTO name (name) VALUES (?1) ON CONFLICT DO NOTHING",
            "SELECT id FROM name WHERE name = ?1",
            params![name],
        )?;
        remember(&mut self.names, Arc::from(name), id);
        Ok(id)
    }

    /// A cluster that a source tells of; an empty id is a row as well.
    pub fn cluster(
        &mut self,
        tables: Tables<'_>,
        source_id: i64,
        workspace: &Arc<str>,
        cluster_id: &Arc<str>,
    ) -> Result<i64, StoreError> {
        let key = (source_id, Arc::clone(workspace), Arc::clone(cluster_id));
        if let Some(id) = self.clusters.get(&key) {
            return Ok(*id);
        }
        let id = tables.new_id(
            "INSERT INTO cluster (source_id, workspace, cluster_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            "SELECT id FROM cluster WHERE source_id = ?1 AND workspace = ?2 AND cluster_id = ?3",
            params![source_id, &**workspace, &**cluster_id],
        )?;
        remember(&mut self.clusters, key, id);
        Ok(id)
    }

    /// A pool of a workspace.
    pub fn pool(
        &mut self,
        tables: Tables<'_>,
        workspace: &Arc<str>,
        instance_pool_id: &Arc<str>,
    ) -> Result<i64, StoreError> {
        let key = (Arc::clone(workspace), Arc::clone(instance_pool_id));
        if let Some(id) = self.pools.get(&key) {
            return Ok(*id);
        }
        let id = tables.new_id(
            "INSERT INTO pool (workspace, instance_pool_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            "SELECT id FROM pool WHERE workspace = ?1 AND instance_pool_id = ?2",
            params![&**workspace, &**instance_pool_id],
        )?;
        remember(&mut self.pools, key, id);
        Ok(id)
    }

    /// A machine that a source tells of.
    pub fn instance(
        &mut self,
        tables: Tables<'_>,
        source_id: i64,
        instance_id: &Arc<str>,
    ) -> Result<i64, StoreError> {
        let key = (source_id, Arc::clone(instance_id));
        if let Some(id) = self.instances.get(&key) {
            return Ok(*id);
        }
        let id = tables.new_id(
            "INSERT INTO instance (source_id, instance_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            "SELECT id FROM instance WHERE source_id = ?1 AND instance_id = ?2",
            params![source_id, &**instance_id],
        )?;
        remember(&mut self.instances, key, id);
        Ok(id)
    }
}
