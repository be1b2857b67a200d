//! How many workers a request asks for, which it may say in three ways.

use crate::json::Null;
use crate::{Reading, Review, Violation};

/// The fixed number of workers.
pub const NUM_WORKERS: &str = "num_workers";
/// The fewest workers of a cluster that scales.
pub const AUTOSCALE_MIN: &str = "autoscale.min_workers";
/// The most workers of a cluster that scales.
pub const AUTOSCALE_MAX: &str = "autoscale.max_workers";

const PROFILE: &str = "spark_conf.spark.databricks.cluster.profile";
const SINGLE_NODE: &str = "singleNode";

/// A number of workers and the attribute that says it.
pub struct WorkerCount<'d> {
    /// Where the number stands, or would stand.
    pub path: &'static str,
    /// The number. Absent if the request names no size at all.
    pub count: Reading<'d, i64>,
}

impl Review<'_> {
    /// Whether the request asks for a cluster that scales.
    ///
    /// `autoscale` wins over `num_workers`: the Terraform provider sends `num_workers: 0` beside it.
    pub fn scales(&self) -> bool {
        self.is_unknown("autoscale") || self.attribute("autoscale").is_some()
    }

    /// The most workers the cluster can have.
    pub fn max_workers(&self) -> WorkerCount<'_> {
        self.workers(AUTOSCALE_MAX)
    }

    /// The fewest workers the cluster can have.
    pub fn min_workers(&self) -> WorkerCount<'_> {
        self.workers(AUTOSCALE_MIN)
    }

    fn workers(&self, scaling: &'static str) -> WorkerCount<'_> {
        if self.scales() {
            return WorkerCount {
                path: scaling,
                count: self.count(scaling),
            };
        }
        let count = match self.count(NUM_WORKERS) {
            Reading::Absent if names_single_node(self) => Reading::Is(0),
            count => count,
        };
        WorkerCount {
            path: NUM_WORKERS,
            count,
        }
    }
}

/// Whether the request says in words that it wants a driver and nothing else: `is_single_node`, or the cluster profile
/// `singleNode` in `spark_conf`.
pub fn names_single_node(review: &Review<'_>) -> bool {
    let profile = review.text(PROFILE).known();
    review.boolean("is_single_node").known() == Some(true)
        || profile.is_some_and(|profile| profile == SINGLE_NODE)
}

impl Violation {
    /// Adds the smallest change that leaves the cluster at most `workers` workers, if there is a certain one.
    ///
    /// A cluster that scales needs `max_workers` above `min_workers`; where the ceiling leaves no room for that, it
    /// becomes a cluster of fixed size. A cluster without workers has to be declared a single node.
    pub fn remedy_max_workers(self, review: &Review<'_>, workers: i64) -> Self {
        if !review.scales() {
            return match workers {
                ..0 => self,
                0 => self.remedy_single_node(review),
                _ => self.remedy(NUM_WORKERS, workers),
            };
        }
        match review.count(AUTOSCALE_MIN).known() {
            Some(min) if min < workers => self.remedy(AUTOSCALE_MAX, workers),
            Some(_) if workers > 1 => self
                .remedy(AUTOSCALE_MIN, workers - 1)
                .remedy(AUTOSCALE_MAX, workers),
            Some(_) if workers == 1 => self.remedy_fixed_size(1),
            _ => self,
        }
    }

    /// Adds the change from a cluster that scales to one of fixed size.
    pub fn remedy_fixed_size(self, workers: i64) -> Self {
        self.remedy("autoscale", Null).remedy(NUM_WORKERS, workers)
    }

    /// Adds the change to a cluster of a driver and nothing else, as the Clusters API wants it declared.
    pub fn remedy_single_node(self, review: &Review<'_>) -> Self {
        let sized = match review.scales() {
            true => self.remedy_fixed_size(0),
            false => self.remedy(NUM_WORKERS, 0_i64),
        };
        sized
            .remedy(PROFILE, SINGLE_NODE)
            .remedy("spark_conf.spark.master", "local[*]")
            .remedy("custom_tags.ResourceClass", "SingleNode")
    }
}
