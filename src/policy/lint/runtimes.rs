//! Runtimes: those whose support has ended or ends soon, those that never were, and aliases of versions.

use chrono::Days;
use tollgate_policy_language::element::is_alias;
use tollgate_policy_language::{Kind, Pattern, Rule};

use super::subject::{Entry, Subject};
use super::texts::is_template;
use super::world::{Support, Version, World};
use crate::model::finding::Finding;
use crate::model::suggest::hint;
use crate::model::tree::Node;

/// The aliases that policies can name.
const ALIASES: [&str; 8] = [
    "auto:latest",
    "auto:latest-ml",
    "auto:latest-lts",
    "auto:latest-lts-ml",
    "auto:prev-major",
    "auto:prev-major-ml",
    "auto:prev-lts",
    "auto:prev-lts-ml",
];

/// Runtimes that an element names and does not block, each once.
fn named<'a>(subject: &Subject<'a>) -> Vec<(&'a str, &'a Node, String)> {
    let mut found: Vec<(&str, &Node, String)> = Vec::new();
    for (entry, element) in subject.read() {
        if element.kind != Kind::RuntimeKey {
            continue;
        }
        for (name, node, text) in entry.scalars() {
            let blocked = matches!(element.rule, Rule::Blocklist(_)) && name == "values";
            if !blocked && !found.iter().any(|(_, _, told)| *told == text) {
                found.push((entry.path, node, text));
            }
        }
    }
    found
}

/// A runtime that gets no fixes any more.
pub(super) fn ended(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (path, node, key) in named(subject) {
        let Some(Support::Ended(on)) = Version::of_key(&key).map(|v| subject.world.support(v)) else {
            continue;
        };
        let message = match on {
            Some(end) => format!("support for `{key}` ended on {}", end.format("%Y-%m-%d")),
            None => format!("support for `{key}` has ended"),
        };
        let finding = subject.found("lint::runtime-ended", node.span, path, message);
        findings.push(finding.hint(supported(subject.world)));
    }
}

/// A runtime that soon gets no fixes any more.
pub(super) fn ending(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (path, node, key) in named(subject) {
        if let Some(Support::Ending(end)) = Version::of_key(&key).map(|v| subject.world.support(v)) {
            let message = format!("support for `{key}` ends on {}", end.format("%Y-%m-%d"));
            let finding = subject.found("lint::runtime-ending", node.span, path, message);
            findings.push(finding.hint(supported(subject.world)));
        }
    }
}

/// What can be written instead.
fn supported(world: &World) -> String {
    let later = world.at.checked_add_days(Days::new(180)).unwrap_or(world.at);
    let mut lasting: Vec<Version> = world
        .releases
        .iter()
        .filter(|r| r.lts && world.support_at(r.version, later) == Support::GoesOn)
        .map(|r| r.version)
        .collect();
    lasting.sort_unstable();
    let lasting: Vec<String> = lasting.iter().map(Version::to_string).collect();
    match lasting.as_slice() {
        [] => "write `auto:latest-lts`".to_owned(),
        some => format!("write `auto:latest-lts`, or one of {}", some.join(", ")),
    }
}

/// A pattern that only admits runtimes which get no fixes any more.
pub(super) fn ended_pattern(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        let (Kind::RuntimeKey, Rule::Regex(pattern)) = (element.kind, &element.rule) else {
            continue;
        };
        if is_template(pattern.written()) {
            continue;
        }
        let admitted = admitted(subject.world, pattern);
        let over = |version: &Version| matches!(subject.world.support(*version), Support::Ended(_));
        if !admitted.is_empty() && admitted.iter().all(over) {
            let message = format!(
                "`{}` only admits runtimes whose support has ended",
                pattern.written()
            );
            let finding = subject.at_member("lint::runtime-ended", entry, "pattern", message);
            findings.push(finding.hint(supported(subject.world)));
        }
    }
}

/// Versions that exist or existed and that a pattern admits.
fn admitted(world: &World, pattern: &Pattern) -> Vec<Version> {
    let admits = |version: &Version| spellings(*version).iter().any(|key| pattern.matches(key));
    versions(world)
        .into_iter()
        .filter(|version| world.support(*version) != Support::NoSuchVersion)
        .filter(admits)
        .collect()
}

/// Every key that can be spelled of versions around those we know. That some of them never came out does no harm:
/// it is only asked what a pattern could match.
pub(super) fn keys(world: &World) -> Vec<String> {
    versions(world).into_iter().flat_map(spellings).collect()
}

fn versions(world: &World) -> Vec<Version> {
    let newest = world
        .releases
        .iter()
        .map(|r| r.version.major())
        .max()
        .unwrap_or(20);
    let mut all = Vec::new();
    for major in 4..=newest.saturating_add(2) {
        all.extend(Version::parse(&major.to_string()));
        all.extend((0..7).filter_map(|minor| Version::parse(&format!("{major}.{minor}"))));
    }
    all
}

/// The keys of a version.
fn spellings(version: Version) -> Vec<String> {
    let middles = [
        "",
        "-photon",
        "-aarch64",
        "-aarch64-photon",
        "-photon-aarch64",
        "-cpu-ml",
        "-gpu-ml",
        "-ml",
        "-gpu",
        "-cpu-ml-photon",
        "-photon-cpu-ml",
    ];
    let scalas = match version.major() {
        ..=7 => ["2.11", "2.12"],
        _ => ["2.12", "2.13"],
    };
    let of = |middle: &&str| scalas.map(|scala| format!("{version}.x{middle}-scala{scala}"));
    middles.iter().flat_map(of).collect()
}

/// A runtime that never was, or no key of a runtime at all.
pub(super) fn unknown(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (path, node, key) in named(subject) {
        // Custom images, pipelines' own versions and snapshots have keys that we cannot know.
        let special = key.contains(':') || key.contains("snapshot") || key.starts_with("apache-spark");
        if special || key.is_empty() {
            continue;
        }
        let message = match Version::of_key(&key) {
            Some(version) if subject.world.support(version) == Support::NoSuchVersion => {
                format!("no runtime {version} is known")
            }
            Some(_) => continue,
            None => format!("`{key}` is no key of a runtime"),
        };
        let finding = subject.found("lint::unknown-runtime", node.span, path, message);
        findings.push(finding.hint(
            "keys look like `17.3.x-scala2.13`, `17.3.x-gpu-ml-scala2.13`; aliases like `auto:latest-lts`",
        ));
    }
}

/// `auto:newest`.
pub(super) fn unknown_alias(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        if element.kind != Kind::RuntimeKey {
            continue;
        }
        for (_, node, text) in aliases(entry) {
            if !ALIASES.contains(&text.as_str()) {
                let message = format!("there is no alias `{text}`");
                let finding = subject.found("lint::unknown-alias", node.span, entry.path, message);
                findings.push(finding.hint(hint(&text, &ALIASES, |all| format!("there are {all}"))));
            }
        }
    }
}

fn aliases<'a>(entry: &Entry<'a>) -> impl Iterator<Item = (&'static str, &'a Node, String)> {
    entry.scalars().into_iter().filter(|(_, _, text)| is_alias(text))
}
