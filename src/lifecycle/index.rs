//! Which cluster, which machine, which pool: places in the lists of the world.

/// Which cluster, in the order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClusterIndex(pub usize);

/// Which machine, in the order of launching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InstanceIndex(pub usize);

/// Which pool, in the order of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PoolIndex(pub usize);
