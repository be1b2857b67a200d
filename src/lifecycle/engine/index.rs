//! Which cluster, which machine, which run: keys that a later object never shares, so that what was planned for one
//! that is gone finds nothing.

slotmap::new_key_type! {
    /// Which cluster.
    pub(super) struct ClusterKey;
    /// Which machine.
    pub(super) struct MachineKey;
    /// Which run of which job.
    pub(super) struct RunKey;
}

/// Which pool, in the order of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PoolIndex(pub usize);

/// Which workspace, in the order of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct WorkspaceIndex(pub usize);
