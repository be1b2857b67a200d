//! What the `auto:` values of `spark_version` stand for at an instant.
//!
//! A policy may say `auto:latest-lts`; a request may not. To hold a request against such a policy the alias is read as
//! the keys it would have been resolved to: those of one version, which is found in the catalogue.
//!
//! | alias | version |
//! |---|---|
//! | `auto:latest` | the newest that is generally available |
//! | `auto:latest-lts` | the newest of those with long-term support |
//! | `auto:prev-major` | the newest of the major version before the newest one's |
//! | `auto:prev-lts` | the second newest with long-term support |
//!
//! Each with `-ml`: the same among machine-learning runtimes. Instants before the catalogue begins have no keys.
//!
//! What is assumed: Databricks does not publish how it resolves `auto:prev-major`, nor which of a version's keys it
//! takes; all that the version has are listed, so a policy admits every image of it.

use std::sync::{Arc, OnceLock};

use super::runtime::{Version, catalogue};
use crate::model::facts::RuntimeAliasesFact;
use crate::model::period::Instant;

/// The first version whose ARM image also comes with Photon.
const PHOTON_ON_AARCH64_FROM: (u32, u32) = (10, 2);
/// The first version whose machine-learning runtime also comes with Photon.
const PHOTON_ON_ML_FROM: (u32, u32) = (15, 2);

/// What each alias stands for at an instant, best key first.
///
/// A version is released from its day on. One whose day the catalogue does not know counts as released when a newer
/// one is. So an answer holds until the next release, and each is made once, when it is first asked for.
pub fn runtime_aliases(at: Instant) -> Arc<RuntimeAliasesFact> {
    static MADE: OnceLock<Vec<OnceLock<Arc<RuntimeAliasesFact>>>> = OnceLock::new();
    let runtimes = &catalogue().runtimes;
    let today = at.date_naive();
    let newest = runtimes
        .iter()
        .position(|v| v.released.is_some_and(|day| day <= today));
    let made = MADE.get_or_init(|| runtimes.iter().map(|_| OnceLock::new()).collect());
    let released = newest.and_then(|at| Some((made.get(at)?, runtimes.get(at..)?)));
    match released {
        Some((made, released)) => Arc::clone(made.get_or_init(|| Arc::new(aliases(released)))),
        None => Arc::default(),
    }
}

/// The aliases where these versions are released, newest first.
fn aliases(released: &[Version]) -> RuntimeAliasesFact {
    let all: Vec<&Version> = released.iter().collect();
    let ml: Vec<&Version> = released.iter().filter(|v| v.ml).collect();
    RuntimeAliasesFact {
        latest: keys(latest(&all)),
        latest_ml: ml_keys(latest(&ml)),
        latest_lts: keys(lts(&all, 0)),
        latest_lts_ml: ml_keys(lts(&ml, 0)),
        prev_major: keys(prev_major(&all)),
        prev_major_ml: ml_keys(prev_major(&ml)),
        prev_lts: keys(lts(&all, 1)),
        prev_lts_ml: ml_keys(lts(&ml, 1)),
    }
}

fn latest<'a>(versions: &[&'a Version]) -> Option<&'a Version> {
    versions.first().copied()
}

/// The newest with long-term support, or the one `before` it.
fn lts<'a>(versions: &[&'a Version], before: usize) -> Option<&'a Version> {
    versions.iter().copied().filter(|v| v.lts).nth(before)
}

/// The newest of the next lower major version.
fn prev_major<'a>(versions: &[&'a Version]) -> Option<&'a Version> {
    let major = |v: &Version| v.number().map(|(major, _)| major);
    let newest = major(versions.first()?)?;
    let mut older = versions.iter().copied();
    older.find(|v| major(v).is_some_and(|m| m < newest))
}

/// The keys of a version: plain, Photon, ARM, ARM with Photon; for each Scala version.
fn keys(version: Option<&Version>) -> Vec<String> {
    let Some(version) = version else { return Vec::new() };
    let both = version.photon && version.aarch64 && since(version, PHOTON_ON_AARCH64_FROM);
    spell(
        version,
        &[
            ("", true),
            ("photon-", version.photon),
            ("aarch64-", version.aarch64),
            ("aarch64-photon-", both),
        ],
    )
}

/// The keys of a version's machine-learning runtime: CPU, GPU, CPU with Photon; for each Scala version.
fn ml_keys(version: Option<&Version>) -> Vec<String> {
    let Some(version) = version else { return Vec::new() };
    let photon = version.photon && since(version, PHOTON_ON_ML_FROM);
    spell(
        version,
        &[
            ("cpu-ml-", true),
            ("gpu-ml-", version.gpu),
            ("cpu-ml-photon-", photon),
        ],
    )
}

/// Whether a version is as new as another. One without a minor number is newer than those with the same major.
fn since(version: &Version, first: (u32, u32)) -> bool {
    let number = version.number();
    number.is_some_and(|(major, minor)| (major, minor.unwrap_or(u32::MAX)) >= first)
}

fn spell(version: &Version, images: &[(&str, bool)]) -> Vec<String> {
    let number = &version.version;
    let mut keys = Vec::new();
    for scala in &version.scala {
        for (image, _) in images.iter().filter(|(_, there)| *there) {
            keys.push(format!("{number}.x-{image}scala{scala}"));
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::period::parse_instant;

    fn at(text: &str) -> Arc<RuntimeAliasesFact> {
        runtime_aliases(parse_instant(text).unwrap())
    }

    /// The versions behind `latest`, `latest-lts`, `prev-major`, `prev-lts`, read off their first keys.
    fn versions(text: &str) -> [String; 4] {
        let fact = at(text);
        let version = |keys: &Vec<String>| {
            let first = keys.first().map(String::as_str).unwrap_or_default();
            first.split(".x-").next().unwrap_or_default().to_owned()
        };
        let plain = [&fact.latest, &fact.latest_lts, &fact.prev_major, &fact.prev_lts].map(version);
        let ml = [
            &fact.latest_ml,
            &fact.latest_lts_ml,
            &fact.prev_major_ml,
            &fact.prev_lts_ml,
        ];
        assert_eq!(
            ml.map(version),
            plain,
            "every version has a machine-learning runtime"
        );
        plain
    }

    #[test]
    fn aliases_stand_for_the_versions_of_the_day() {
        for (day, expected) in [
            // 17.3 LTS came on 2025-10-22, 16.4 LTS on 2025-05-09, 15.4 LTS on 2024-08-19.
            ("2025-11-01", ["17.3", "17.3", "16.4", "16.4"]),
            ("2025-10-22", ["17.3", "17.3", "16.4", "16.4"]),
            ("2025-10-21T23:59:59Z", ["17.2", "16.4", "16.4", "15.4"]),
            // The day of 16.3 is not known: it counts from that of 16.4 on.
            ("2025-05-08", ["15.4", "15.4", "14.3", "14.3"]),
            ("2025-05-09", ["16.4", "16.4", "15.4", "15.4"]),
            // 18.2 on 2026-05-04, 18 LTS on 2026-06-10, 19 on 2026-07-23.
            ("2026-06-01", ["18.2", "17.3", "17.3", "16.4"]),
            ("2026-06-10", ["18", "18", "17.3", "17.3"]),
            ("2026-11-01", ["19", "18", "18", "17.3"]),
            // The catalogue begins with 9.1 LTS on 2021-09-23.
            ("2021-09-23", ["9.1", "9.1", "", ""]),
            ("2021-09-22", ["", "", "", ""]),
        ] {
            assert_eq!(versions(day), expected, "{day}");
        }
    }

    #[test]
    fn a_version_has_a_key_per_image() {
        let fact = at("2025-11-01");
        assert_eq!(
            fact.latest,
            [
                "17.3.x-scala2.13",
                "17.3.x-photon-scala2.13",
                "17.3.x-aarch64-scala2.13",
                "17.3.x-aarch64-photon-scala2.13",
            ]
        );
        assert_eq!(
            fact.latest_ml,
            [
                "17.3.x-cpu-ml-scala2.13",
                "17.3.x-gpu-ml-scala2.13",
                "17.3.x-cpu-ml-photon-scala2.13",
            ]
        );
        assert_eq!(
            at("2026-11-01").latest,
            [
                "19.x-scala2.13",
                "19.x-photon-scala2.13",
                "19.x-aarch64-scala2.13",
                "19.x-aarch64-photon-scala2.13",
            ]
        );
    }

    #[test]
    fn a_version_built_twice_has_the_keys_of_both() {
        assert_eq!(
            at("2025-11-01").prev_lts_ml,
            [
                "16.4.x-cpu-ml-scala2.12",
                "16.4.x-gpu-ml-scala2.12",
                "16.4.x-cpu-ml-photon-scala2.12",
                "16.4.x-cpu-ml-scala2.13",
                "16.4.x-gpu-ml-scala2.13",
                "16.4.x-cpu-ml-photon-scala2.13",
            ]
        );
    }

    #[test]
    fn images_that_came_later_are_not_promised_earlier() {
        let fact = at("2021-09-23");
        assert_eq!(
            fact.latest,
            [
                "9.1.x-scala2.12",
                "9.1.x-photon-scala2.12",
                "9.1.x-aarch64-scala2.12"
            ]
        );
        assert_eq!(
            fact.latest_ml,
            ["9.1.x-cpu-ml-scala2.12", "9.1.x-gpu-ml-scala2.12"]
        );
    }

    #[test]
    fn keys_are_read_back_as_what_they_were_made_from() {
        use crate::databricks::runtime::runtime_fact;
        for version in &catalogue().runtimes {
            for key in keys(Some(version)).iter().chain(&ml_keys(Some(version))) {
                let fact = runtime_fact(key);
                assert_eq!(fact.version.as_ref(), Some(&version.version), "{key}");
                assert_eq!(fact.lts, Some(version.lts), "{key}");
            }
        }
    }

    #[test]
    fn an_answer_is_made_once_per_release() {
        assert!(Arc::ptr_eq(&at("2025-10-22"), &at("2026-05-03")));
        assert!(!Arc::ptr_eq(&at("2025-10-21"), &at("2025-10-22")));
    }
}
