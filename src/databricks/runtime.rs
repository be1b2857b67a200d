//! Databricks Runtime keys and the catalogue of versions.

use chrono::NaiveDate;
use serde::Deserialize;
use std::sync::OnceLock;

use crate::model::facts::RuntimeFact;

/// Versions with their dates and the images they come as; each with its source.
const CATALOGUE: &str = include_str!("runtimes.json");

/// The first version that keys may name by its major number alone, `18.x-scala2.13`; features that would have been
/// 18.3 come to it without a new number.
const FIRST_WITHOUT_MINOR: u32 = 18;

/// What is known of the runtimes.
#[derive(Debug, Deserialize)]
pub(super) struct Catalogue {
    /// Newest first; so are the dates, where they are known.
    pub(super) runtimes: Vec<Version>,
}

/// One released version.
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    /// `17.3`; since 18 also the major number alone.
    pub(super) version: String,
    /// Long-term support.
    pub(super) lts: bool,
    /// First day of general availability; none where no source tells.
    pub(super) released: Option<NaiveDate>,
    /// Last day of support, `2027-08-19`; none where no source tells.
    pub(super) end_of_support: Option<String>,
    /// Scala versions it is built for, each a key of its own; the older first.
    pub(super) scala: Vec<String>,
    /// There is a machine-learning runtime of it.
    pub(super) ml: bool,
    /// There is a machine-learning runtime of it for GPUs.
    pub(super) gpu: bool,
    /// There is a Photon image.
    pub(super) photon: bool,
    /// There is an ARM image.
    pub(super) aarch64: bool,
}

impl Version {
    /// Major and minor number; no minor where the version is named by its major number alone.
    pub(super) fn number(&self) -> Option<(u32, Option<u32>)> {
        match self.version.split_once('.') {
            Some((major, minor)) => Some((major.parse().ok()?, Some(minor.parse().ok()?))),
            None => Some((self.version.parse().ok()?, None)),
        }
    }
}

/// The catalogue, parsed once.
pub(super) fn catalogue() -> &'static Catalogue {
    static PARSED: OnceLock<Catalogue> = OnceLock::new();
    // A broken catalogue would be a broken build: a test parses it.
    PARSED.get_or_init(|| serde_json::from_str(CATALOGUE).unwrap_or(Catalogue { runtimes: Vec::new() }))
}

/// A version and how long it is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// `17.3`; since 18 also the major number alone.
    pub version: &'static str,
    /// Long-term support.
    pub lts: bool,
    /// Last day of support, where known.
    pub end_of_support: Option<&'static str>,
}

/// Every version of the catalogue.
pub fn releases() -> impl Iterator<Item = Release> {
    catalogue().runtimes.iter().map(|version| Release {
        version: &version.version,
        lts: version.lts,
        end_of_support: version.end_of_support.as_deref(),
    })
}

/// What a runtime key says (`15.4.x-gpu-ml-scala2.12`), with what the catalogue knows of its version.
pub fn runtime_fact(key: &str) -> RuntimeFact {
    let has = |part: &str| key.split('-').any(|p| p == part);
    let mut fact = RuntimeFact {
        key: key.to_owned(),
        ml: has("ml"),
        gpu: has("gpu"),
        photon: has("photon"),
        aarch64: has("aarch64"),
        ..RuntimeFact::default()
    };
    if let Some((major, minor)) = version(key) {
        let version = match minor {
            Some(minor) => format!("{major}.{minor}"),
            None => major.to_string(),
        };
        if let Some(known) = catalogue().runtimes.iter().find(|e| e.version == version) {
            fact.lts = Some(known.lts);
            fact.end_of_support.clone_from(&known.end_of_support);
        }
        (fact.major, fact.minor, fact.version) = (Some(major), minor, Some(version));
    }
    fact
}

/// `15.4.x-scala2.12` is version 15.4, `18.x-scala2.13` is version 18 without a minor number. Custom images and
/// snapshots (`17.x-snapshot`) have none.
fn version(key: &str) -> Option<(u32, Option<u32>)> {
    let (major, rest) = key.split_once('.')?;
    let major = major.parse().ok()?;
    if rest == "x" || rest.starts_with("x-") {
        let released = major >= FIRST_WITHOUT_MINOR && !rest.split('-').any(|part| part == "snapshot");
        return released.then_some((major, None));
    }
    let (minor, patch) = rest.split_once('.')?;
    patch.starts_with('x').then_some(())?;
    Some((major, Some(minor.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_the_catalogue_adds_what_it_knows() {
        let fact = runtime_fact("15.4.x-gpu-ml-scala2.12");
        assert_eq!(
            (fact.version.as_deref(), fact.lts, fact.ml, fact.gpu),
            (Some("15.4"), Some(true), true, true)
        );
        assert_eq!(fact.end_of_support.as_deref(), Some("2027-08-19"));
        for odd in [
            "custom:my-image",
            "17.x-snapshot-scala2.13",
            "19.x-snapshot-scala2.13",
            "17.x-scala2.13",
            "",
            "apache-spark-2.4.x-scala2.11",
        ] {
            assert_eq!(runtime_fact(odd).version, None, "{odd}");
        }
        assert_eq!(runtime_fact("99.1.x-scala2.13").lts, None);
    }

    #[test]
    fn since_18_a_key_may_have_no_minor_number() {
        let fact = runtime_fact("18.x-aarch64-photon-scala2.13");
        assert_eq!(
            (fact.version.as_deref(), fact.major, fact.minor, fact.lts),
            (Some("18"), Some(18), None, Some(true))
        );
        assert_eq!(fact.end_of_support.as_deref(), Some("2029-06-10"));
        assert_eq!(runtime_fact("18.2.x-scala2.13").lts, Some(false));
        assert_eq!(runtime_fact("21.x-scala2.13").version.as_deref(), Some("21"));
    }

    #[test]
    fn the_catalogue_parses_and_has_no_double() {
        let mut versions: Vec<_> = catalogue().runtimes.iter().map(|e| &e.version).collect();
        assert!(versions.len() > 20);
        versions.sort();
        versions.dedup();
        assert_eq!(versions.len(), catalogue().runtimes.len());
    }

    #[test]
    fn the_catalogue_goes_from_the_newest_to_the_oldest() {
        let runtimes = &catalogue().runtimes;
        // A version without a minor number is the last of its major.
        let rank = |v: &Version| {
            v.number()
                .map(|(major, minor)| (major, minor.unwrap_or(u32::MAX)))
        };
        assert!(runtimes.iter().all(|v| rank(v).is_some() && !v.scala.is_empty()));
        assert!(runtimes.is_sorted_by(|newer, older| rank(newer) > rank(older)));
        let days: Vec<_> = runtimes.iter().filter_map(|v| v.released).collect();
        assert!(days.is_sorted_by(|newer, older| newer > older));
    }

    #[test]
    fn every_source_of_the_catalogue_is_listed() {
        let text: serde_json::Value = serde_json::from_str(CATALOGUE).unwrap();
        for runtime in text["runtimes"].as_array().unwrap() {
            let source = runtime["source"].as_str().unwrap();
            assert!(text["sources"][source].is_string(), "{runtime}");
        }
    }
}
