//! What of a request is not known yet: values that an apply, a variable or a look-up will give.
//!
//! An unknown attribute is not an absent one. It is missing from the body, and named here; a rule that needs it says that
//! it cannot judge. Of some it is known what they will refer to (a pool of the same plan), and then facts and
//! estimates take that into account, although nobody knows the id yet.

use std::collections::BTreeMap;
use tollgate_policy_language::path::is_within;

/// What is not known of one request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unknown {
    /// Attribute paths, sorted, each once. What lies below an unknown attribute is unknown too.
    pub paths: Vec<String>,
    /// What some of these paths will refer to, as the document names it: `instance_pool_id` to
    /// `databricks_instance_pool.small`.
    pub references: BTreeMap<String, String>,
}

/// Everything is known.
pub static NOTHING: Unknown = Unknown {
    paths: Vec::new(),
    references: BTreeMap::new(),
};

impl Unknown {
    /// These paths.
    pub fn of(paths: impl IntoIterator<Item = String>) -> Unknown {
        let mut unknown = Unknown {
            paths: paths.into_iter().collect(),
            ..Unknown::default()
        };
        unknown.paths.sort();
        unknown.paths.dedup();
        unknown
    }

    /// Whether there is nothing unknown.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Adds a path.
    pub fn add(&mut self, path: impl Into<String>) {
        let path = path.into();
        if let Err(at) = self.paths.binary_search(&path) {
            self.paths.insert(at, path);
        }
    }

    /// Adds a path of which it is known what it will refer to.
    pub fn refer(&mut self, path: &str, to: impl Into<String>) {
        self.add(path);
        self.references.insert(path.to_owned(), to.into());
    }

    /// Whether nobody knows yet what stands at a path.
    pub fn covers(&self, path: &str) -> bool {
        self.paths.iter().any(|unknown| is_within(path, unknown))
    }

    /// Whether a path, or something below it, is unknown.
    pub fn touches(&self, path: &str) -> bool {
        self.covers(path) || self.paths.iter().any(|unknown| is_within(unknown, path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below_an_unknown_path_is_unknown() {
        let mut unknown = Unknown::of(["custom_tags".to_owned(), "autoscale.max_workers".to_owned()]);
        unknown.refer("instance_pool_id", "databricks_instance_pool.small");
        assert!(unknown.covers("custom_tags.team") && unknown.covers("instance_pool_id"));
        assert!(!unknown.covers("autoscale") && unknown.touches("autoscale"));
        assert!(!unknown.touches("custom_tags_of_others"));
        assert!(NOTHING.is_empty() && !NOTHING.touches("num_workers"));
    }
}
