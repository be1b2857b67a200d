//! What the linter knows of the world at an instant: node types, runtimes. Handed in, since prices and dates are no
//! business of a policy.

use rust_decimal::Decimal;
use std::collections::BTreeMap;

use crate::model::period::Instant;
use crate::model::place::Cloud;

/// Node types and runtimes, as of an instant.
#[derive(Debug, Clone)]
pub struct World {
    /// "Today".
    pub at: Instant,
    /// Node types by id.
    pub node_types: BTreeMap<String, NodeType>,
    /// Runtimes, in any order.
    pub releases: Vec<Release>,
}

/// A node type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeType {
    /// Its cloud.
    pub cloud: Cloud,
    /// DBUs an hour without Photon, where known.
    pub dbu_per_hour: Option<Decimal>,
}

/// A version of the Databricks Runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its number.
    pub version: Version,
    /// Supported for years, not months.
    pub lts: bool,
    /// The last day of support, where known.
    pub end_of_support: Option<Instant>,
}

/// `15.4`, or `18` for the long-term release of a whole line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    /// The line itself comes after each of its releases.
    minor: u32,
}

impl Version {
    /// Reads `15.4` or `18`.
    pub fn parse(text: &str) -> Option<Version> {
        let digits = |part: &str| -> Option<u32> {
            part.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| part.parse().ok())?
        };
        match text.split_once('.') {
            Some((major, minor)) => Some(Version {
                major: digits(major)?,
                minor: digits(minor)?,
            }),
            None => Some(Version {
                major: digits(text)?,
                minor: u32::MAX,
            }),
        }
    }

    /// The version that a runtime key begins with: `15.4.x-scala2.12` has 15.4. None for keys of custom images,
    /// snapshots and whatever else has no version.
    pub fn of_key(key: &str) -> Option<Version> {
        let first = key.split('-').next()?;
        Version::parse(first.strip_suffix(".x")?)
    }

    /// The first part.
    pub fn major(self) -> u32 {
        self.major
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.minor {
            u32::MAX => write!(f, "{}", self.major),
            minor => write!(f, "{}.{minor}", self.major),
        }
    }
}

/// Whether a version is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// It ended, on that day where the day is known.
    Ended(Option<Instant>),
    /// It ends soon, on that day.
    Ending(Instant),
    /// It goes on, or nobody told.
    GoesOn,
    /// There is no such version.
    NoSuchVersion,
}

/// How long before its end a runtime is worth a word.
const NOTICE_DAYS: i64 = 90;

impl World {
    /// Whether a version is supported today.
    pub fn support(&self, version: Version) -> Support {
        self.support_at(version, self.at)
    }

    /// Whether a version is supported at an instant. A version without dates that is no LTS ended with the first later one that
    /// did, and so did one that is older than all we know. What may have come out since is given the benefit of doubt.
    pub fn support_at(&self, version: Version, at: Instant) -> Support {
        let over = |end: Instant| end.checked_add_days(chrono::Days::new(1)).unwrap_or(end) <= at;
        let later_ended = || {
            self.releases
                .iter()
                .any(|r| r.version > version && r.end_of_support.is_some_and(over))
        };
        let Some(known) = self.releases.iter().find(|r| r.version == version) else {
            let versions = || self.releases.iter().map(|r| r.version);
            return match (versions().min(), versions().max()) {
                (Some(oldest), _) if version < oldest && later_ended() => Support::Ended(None),
                (_, Some(newest))
                    if version > newest && version.major() <= newest.major().saturating_add(2) =>
                {
                    Support::GoesOn
                }
                _ => Support::NoSuchVersion,
            };
        };
        match known.end_of_support {
            Some(end) if over(end) => Support::Ended(Some(end)),
            Some(end) if end.signed_duration_since(at).num_days() <= NOTICE_DAYS => Support::Ending(end),
            None if !known.lts && later_ended() => Support::Ended(None),
            _ => Support::GoesOn,
        }
    }

    /// Whether anything is known of a cloud's node types.
    pub fn knows_nodes_of(&self, cloud: Cloud) -> bool {
        self.node_types.values().any(|node| node.cloud == cloud)
    }

    /// The cloud whose node types are spelled like this.
    pub fn cloud_of(&self, node_type_id: &str) -> Option<Cloud> {
        if let Some(known) = self.node_types.get(node_type_id) {
            return Some(known.cloud);
        }
        let spelled = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
        if node_type_id.starts_with("Standard_") {
            Some(Cloud::Azure)
        } else if !node_type_id.chars().all(spelled) {
            None
        } else if node_type_id.matches('.').count() == 1 {
            Some(Cloud::Aws)
        } else if node_type_id.matches('-').count() >= 2 && !node_type_id.contains('.') {
            Some(Cloud::Gcp)
        } else {
            None
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::period::parse_instant;

    /// A small world on 2026-11-21.
    pub(in crate::policy::lint) fn world() -> World {
        let day = |text: &str| parse_instant(text).unwrap();
        let releases = [
            ("18", true, Some("2029-06-10")),
            ("17.3", true, Some("2028-10-22")),
            ("17.1", false, Some("2026-02-01")),
            ("16.2", false, None),
            ("15.4", true, Some("2027-08-19")),
            ("14.3", true, Some("2027-02-01")),
            ("13.3", true, Some("2026-08-22")),
        ];
        let nodes = [
            ("Standard_DS3_v2", Cloud::Azure, "0.75"),
            ("Standard_DS5_v2", Cloud::Azure, "3"),
            ("i3.xlarge", Cloud::Aws, "1"),
            ("m5d.large", Cloud::Aws, "0.34"),
        ];
        World {
            at: day("2026-11-21"),
            node_types: nodes
                .into_iter()
                .map(|(id, cloud, dbu)| {
                    let dbu_per_hour = Some(dbu.parse().unwrap());
                    (id.to_owned(), NodeType { cloud, dbu_per_hour })
                })
                .collect(),
            releases: releases
                .into_iter()
                .map(|(version, lts, end)| Release {
                    version: Version::parse(version).unwrap(),
                    lts,
                    end_of_support: end.map(day),
                })
                .collect(),
        }
    }

    #[test]
    fn support_follows_the_dates_and_what_follows_from_them() {
        let world = world();
        let support = |key: &str| world.support(Version::of_key(key).unwrap());
        assert!(matches!(support("13.3.x-scala2.12"), Support::Ended(Some(_))));
        assert!(matches!(support("14.3.x-scala2.12"), Support::Ending(_)));
        assert_eq!(support("15.4.x-photon-scala2.12"), Support::GoesOn);
        assert_eq!(support("16.2.x-scala2.12"), Support::Ended(None));
        assert_eq!(support("7.x-scala2.11"), Support::Ended(None));
        assert_eq!(support("18.x-scala2.13"), Support::GoesOn);
        assert_eq!(support("19.1.x-scala2.13"), Support::GoesOn);
        assert_eq!(support("15.5.x-scala2.12"), Support::NoSuchVersion);
        assert_eq!(support("153.4.x-scala2.12"), Support::NoSuchVersion);
        assert_eq!(Version::of_key("custom:mine"), None);
        assert_eq!(Version::of_key("15.4"), None);
    }

    #[test]
    fn node_types_show_their_cloud() {
        let world = world();
        assert_eq!(world.cloud_of("Standard_X99"), Some(Cloud::Azure));
        assert_eq!(world.cloud_of("z9.xlarge"), Some(Cloud::Aws));
        assert_eq!(world.cloud_of("n9-standard-4"), Some(Cloud::Gcp));
        assert_eq!(world.cloud_of("pool1"), None);
    }
}
