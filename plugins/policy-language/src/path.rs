//! Attribute paths, and what in a request they aim at.
//!
//! The first segment decides how the rest is read: in `custom_tags`, `spark_conf` and `spark_env_vars` the rest is one
//! key, dots, blanks and all; in a list the next segment is an index from 0, or `*` for every entry; everywhere else
//! each dot starts a new segment.

/// Attributes that are maps with keys of the user's choice.
pub const MAPS: [&str; 3] = ["custom_tags", "spark_conf", "spark_env_vars"];

/// Attributes that are lists.
pub const LISTS: [&str; 4] = [
    "init_scripts",
    "ssh_public_keys",
    "worker_node_type_flexibility.alternate_node_type_ids",
    "driver_node_type_flexibility.alternate_node_type_ids",
];

/// A part of `cluster_log_conf` that the language names and the API does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogPart {
    /// `cluster_log_conf.type`: `S3`, `VOLUMES`, `DBFS` or `NONE`.
    Type,
    /// `cluster_log_conf.path`: the destination.
    Path,
    /// `cluster_log_conf.region`: that of S3.
    Region,
}

/// What a path aims at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A field, by the segments that lead to it.
    Field(Vec<String>),
    /// One key of a map.
    Key {
        /// `custom_tags`.
        map: String,
        /// The key, dots and all.
        key: String,
    },
    /// One entry of a list, or something in it.
    Entry {
        /// `init_scripts`.
        list: String,
        /// From 0; none for `*`, every entry.
        index: Option<usize>,
        /// What of the entry; empty for the entry itself.
        rest: Vec<String>,
    },
    /// The one-of object `cluster_log_conf`, seen as type, path and region.
    LogConf(LogPart),
    /// DBUs that the cluster uses in an hour, at most.
    DbusPerHour,
    /// All-purpose, job or pipeline.
    ClusterType,
    /// The older name of nearly the same.
    ClusterSource,
}

impl Target {
    /// What a path aims at.
    pub fn of(path: &str) -> Target {
        match path {
            "dbus_per_hour" => return Target::DbusPerHour,
            "cluster_type" => return Target::ClusterType,
            "cluster_source" => return Target::ClusterSource,
            "cluster_log_conf.type" => return Target::LogConf(LogPart::Type),
            "cluster_log_conf.path" => return Target::LogConf(LogPart::Path),
            "cluster_log_conf.region" => return Target::LogConf(LogPart::Region),
            _ => {}
        }
        if let Some((map, key)) = path.split_once('.')
            && MAPS.contains(&map)
        {
            return Target::Key {
                map: map.to_owned(),
                key: key.to_owned(),
            };
        }
        if let Some((list, index, rest)) = entry(path) {
            return Target::Entry {
                list: list.to_owned(),
                index,
                rest: rest
                    .map(|r| r.split('.').map(str::to_owned).collect())
                    .unwrap_or_default(),
            };
        }
        Target::Field(path.split('.').map(str::to_owned).collect())
    }

    /// Whether no request has it: it is computed.
    pub fn is_virtual(&self) -> bool {
        matches!(
            self,
            Target::DbusPerHour | Target::ClusterType | Target::ClusterSource
        )
    }
}

/// `init_scripts.3.s3.region` as list, index (none for `*`) and the rest.
fn entry(path: &str) -> Option<(&'static str, Option<usize>, Option<&str>)> {
    for list in LISTS {
        let Some(after) = path.strip_prefix(list).and_then(|rest| rest.strip_prefix('.')) else {
            continue;
        };
        let (segment, rest) = match after.split_once('.') {
            Some((segment, rest)) => (segment, Some(rest)),
            None => (after, None),
        };
        let index = if segment == "*" {
            None
        } else {
            Some(index(segment)?)
        };
        return Some((list, index, rest));
    }
    None
}

/// Digits only: `+1` and `01` are no indices.
fn index(segment: &str) -> Option<usize> {
    let index: usize = segment.parse().ok()?;
    (index.to_string() == segment).then_some(index)
}

/// A path with `*` in place of its index or its key.
pub fn generic(path: &str) -> String {
    if let Some((map, _)) = path.split_once('.')
        && MAPS.contains(&map)
    {
        return format!("{map}.*");
    }
    match entry(path) {
        Some((list, _, Some(rest))) => format!("{list}.*.{rest}"),
        Some((list, _, None)) => format!("{list}.*"),
        None => path.to_owned(),
    }
}

/// Whether `path` is `parent` or lies below it.
pub fn is_within(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_segment_decides() {
        let key = |map: &str, key: &str| Target::Key {
            map: map.into(),
            key: key.into(),
        };
        assert_eq!(
            Target::of("spark_conf.fs.azure.a.b"),
            key("spark_conf", "fs.azure.a.b")
        );
        assert_eq!(Target::of("custom_tags.*"), key("custom_tags", "*"));
        assert_eq!(
            Target::of("init_scripts.0.s3.region"),
            Target::Entry {
                list: "init_scripts".into(),
                index: Some(0),
                rest: vec!["s3".into(), "region".into()]
            }
        );
        assert_eq!(
            Target::of("ssh_public_keys.*"),
            Target::Entry {
                list: "ssh_public_keys".into(),
                index: None,
                rest: Vec::new()
            }
        );
        assert_eq!(
            Target::of("init_scripts.01.s3"),
            Target::Field(vec!["init_scripts".into(), "01".into(), "s3".into()])
        );
        assert_eq!(
            Target::of("cluster_log_conf.type"),
            Target::LogConf(LogPart::Type)
        );
        assert_eq!(
            Target::of("autoscale.max_workers"),
            Target::Field(vec!["autoscale".into(), "max_workers".into()])
        );
    }

    #[test]
    fn indices_and_keys_become_stars() {
        assert_eq!(
            generic("init_scripts.12.dbfs.destination"),
            "init_scripts.*.dbfs.destination"
        );
        assert_eq!(generic("spark_env_vars.A.B"), "spark_env_vars.*");
        assert_eq!(generic("ssh_public_keys.0"), "ssh_public_keys.*");
        assert_eq!(generic("autoscale.max_workers"), "autoscale.max_workers");
    }
}
