//! Databricks Runtime keys and the catalogue of versions.

use serde::Deserialize;
use std::sync::OnceLock;

use crate::model::facts::RuntimeFact;

/// Versions with their dates; each with its source.
const CATALOGUE: &str = include_str!("runtimes.json");

#[derive(Debug, Deserialize)]
struct Catalogue {
    runtimes: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    version: String,
    lts: bool,
    end_of_support: Option<String>,
}

fn catalogue() -> &'static Catalogue {
    static PARSED: OnceLock<Catalogue> = OnceLock::new();
    // A broken catalogue would be a broken build: a test parses it.
    PARSED.get_or_init(|| serde_json::from_str(CATALOGUE).unwrap_or(Catalogue { runtimes: Vec::new() }))
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
        let version = format!("{major}.{minor}");
        if let Some(known) = catalogue().runtimes.iter().find(|e| e.version == version) {
            fact.lts = Some(known.lts);
            fact.end_of_support.clone_from(&known.end_of_support);
        }
        (fact.major, fact.minor, fact.version) = (Some(major), Some(minor), Some(version));
    }
    fact
}

/// `15.4.x-scala2.12` is version 15.4. Custom images and snapshots (`17.x-snapshot`) have none.
fn version(key: &str) -> Option<(u32, u32)> {
    let (major, rest) = key.split_once('.')?;
    let (minor, patch) = rest.split_once('.')?;
    patch.starts_with('x').then_some(())?;
    Some((major.parse().ok()?, minor.parse().ok()?))
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
            "",
            "apache-spark-2.4.x-scala2.11",
        ] {
            assert_eq!(runtime_fact(odd).version, None, "{odd}");
        }
        assert_eq!(runtime_fact("99.1.x-scala2.13").lts, None);
    }

    #[test]
    fn the_catalogue_parses_and_has_no_double() {
        let mut versions: Vec<_> = catalogue().runtimes.iter().map(|e| &e.version).collect();
        assert!(versions.len() > 20);
        versions.sort();
        versions.dedup();
        assert_eq!(versions.len(), catalogue().runtimes.len());
    }
}
