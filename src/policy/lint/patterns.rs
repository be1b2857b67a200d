//! Regular expressions: they must match the whole value, and many are written as if they searched in it.

use tollgate_policy_language::{Kind, Pattern, Rule, attribute};

use super::subject::{Entry, Subject};
use super::texts::is_template;
use super::walk::{Part, anchors, branches, classes_with_separators, removed, spans};
use super::world::Version;
use super::{nodes, values};
use crate::model::finding::{Edit, Finding};
use crate::model::tree::{Node, Span};

/// The patterns of a definition that can be judged.
fn patterns<'a, 's>(
    subject: &'s Subject<'a>,
) -> impl Iterator<Item = (&'s Entry<'a>, &'a Node, &'s Pattern)> {
    subject.read().filter_map(|(entry, element)| match &element.rule {
        Rule::Regex(pattern) if !is_template(pattern.written()) => {
            Some((entry, entry.node().get("pattern")?, pattern))
        }
        _ => None,
    })
}

/// `^...$`: anchored at both ends anyway.
pub(super) fn redundant_anchor(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, node, pattern) in patterns(subject) {
        let text = pattern.written();
        let branches = branches(text);
        let anchored: Vec<(bool, bool)> = branches.iter().map(|b| anchors(text, *b)).collect();
        let everywhere = branches.len() == 1 || anchored.iter().all(|both| *both == (true, true));
        let drops: Vec<Span> = branches
            .iter()
            .zip(&anchored)
            .flat_map(|(branch, (start, end))| {
                let first = Span {
                    start: branch.start,
                    end: branch.start.saturating_add(1),
                };
                let last = Span {
                    start: branch.end.saturating_sub(1),
                    end: branch.end,
                };
                [start.then_some(first), end.then_some(last)]
            })
            .flatten()
            .collect();
        if drops.is_empty() || !everywhere {
            continue;
        }
        let without = removed(text, &drops);
        let (now, then) = (
            subject.shown(entry.path, text),
            subject.shown(entry.path, &without),
        );
        let message = format!("a pattern matches the whole value anyway: {now} is {then}");
        let finding = subject
            .found("lint::redundant-anchor", node.span, entry.path, message)
            .hint("remove the anchors");
        findings.push(if is_safe(subject, node, &without) {
            finding.fix("removed the anchors", edits(subject, node, &drops))
        } else {
            finding
        });
    }
}

/// Whether a pattern can stand where the longer one stood. In YAML without quotes it must stay the text it is.
fn is_safe(subject: &Subject<'_>, node: &Node, pattern: &str) -> bool {
    let quoted = subject.passage.raw(node).starts_with(['"', '\'']);
    let plain = pattern.starts_with(|c: char| c.is_ascii_alphabetic() || c == '(')
        && pattern.trim() == pattern
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&pattern.to_ascii_lowercase().as_str());
    !pattern.is_empty() && (quoted || plain) && Pattern::new(pattern).is_ok()
}

fn edits(subject: &Subject<'_>, node: &Node, drops: &[Span]) -> Vec<Option<Edit>> {
    let letters = subject.passage.letters(node);
    let at = |byte: usize| letters.as_ref()?.get(byte).copied();
    drops
        .iter()
        .map(|drop| {
            let span = Span {
                start: at(drop.start)?,
                end: at(drop.end)?,
            };
            subject.passage.edit(span, "")
        })
        .collect()
}

/// `^A|B$`: anchors on some branches only.
pub(super) fn anchored_branch(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, node, pattern) in patterns(subject) {
        let text = pattern.written();
        let branches = branches(text);
        let anchored: Vec<(bool, bool)> = branches.iter().map(|b| anchors(text, *b)).collect();
        let some = anchored.iter().any(|(start, end)| *start || *end);
        let all = anchored.iter().all(|both| *both == (true, true));
        if branches.len() < 2 || !some || all {
            continue;
        }
        let message = format!(
            "{} anchors some of its alternatives only; every alternative must match the whole value here",
            subject.shown(entry.path, text)
        );
        let finding = subject.found("lint::anchored-branch", node.span, entry.path, message);
        findings.push(
            finding.hint("write `A|B` for either of two whole values, `A.*|.*B` for a start or an end"),
        );
    }
}

/// `[2,3]` admits a comma, `[A|B]` a bar.
pub(super) fn separator_in_class(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, node, pattern) in patterns(subject) {
        for (class, separator) in classes_with_separators(pattern.written()) {
            let name = if separator == ',' { "a comma" } else { "a bar" };
            let message = format!("`{class}` admits {name} too");
            let meant: String = class.chars().filter(|c| *c != separator).collect();
            let finding = subject.found("lint::separator-in-class", node.span, entry.path, message);
            findings.push(finding.hint(format!("write `{meant}`")));
        }
    }
}

/// Dots of versions and node types that match every character.
pub(super) fn unescaped_dot(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, node, pattern) in patterns(subject) {
        let plain = match entry.path {
            "spark_version" => |c: char| c.is_ascii_digit() || c == ']',
            path if nodes::PATHS.contains(&path) => |c: char| c.is_ascii_alphanumeric() || c == ']',
            _ => continue,
        };
        let text = pattern.written();
        let dots: Vec<usize> = spans(text, Part::Dot)
            .into_iter()
            .map(|(start, _)| start)
            .filter(|at| {
                let before = text.get(..*at).and_then(|t| t.chars().next_back());
                let after = text.get(at.saturating_add(1)..).and_then(|t| t.chars().next());
                before.is_some_and(plain)
                    && after.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '[' | '\\' | '('))
            })
            .collect();
        if dots.is_empty() {
            continue;
        }
        let escaped: String = text
            .char_indices()
            .map(|(at, c)| {
                if dots.contains(&at) {
                    "\\.".to_owned()
                } else {
                    c.to_string()
                }
            })
            .collect();
        let message = format!("in `{text}` a dot matches any character; a literal one is probably meant");
        let finding = subject.found("lint::unescaped-dot", node.span, entry.path, message);
        findings.push(finding.hint(format!("write `{escaped}` (in JSON with two backslashes)")));
    }
}

/// A pattern for runtimes that stops at 16.
pub(super) fn scala_pinned(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        if element.kind != Kind::RuntimeKey {
            continue;
        }
        let newer = |version: Version| version.major() >= 17;
        if let Rule::Regex(pattern) = &element.rule {
            let key = |version: Version, scala: &str| format!("{version}.x-scala{scala}");
            let pinned = subject.world.releases.iter().map(|r| r.version).find(|version| {
                newer(*version)
                    && pattern.matches(&key(*version, "2.12"))
                    && !pattern.matches(&key(*version, "2.13"))
            });
            if let Some(version) = pinned
                && !is_template(pattern.written())
            {
                let message = format!(
                    "the pattern asks for Scala 2.12 and admits runtime {version}, which has Scala 2.13 only"
                );
                let finding = subject.at_member("lint::scala-pinned", entry, "pattern", message);
                findings.push(finding.hint("write `scala2\\.1[23]`, or stop at 16"));
            }
        }
        for (_, node, text) in entry.scalars() {
            if text.contains("scala2.12") && Version::of_key(&text).is_some_and(newer) {
                let message = format!("there is no `{text}`: runtimes have Scala 2.13 since 17");
                let finding = subject.found("lint::scala-pinned", node.span, entry.path, message);
                findings.push(finding.hint(format!("write `{}`", text.replace("scala2.12", "scala2.13"))));
            }
        }
    }
}

/// A pattern that no value we know of matches as a whole.
pub(super) fn matches_nothing(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, node, pattern) in patterns(subject) {
        let Some(values) = known_values(subject, entry) else {
            continue;
        };
        if values.is_empty() || values.iter().any(|value| pattern.matches(value)) {
            continue;
        }
        let message = format!(
            "`{}` matches no value of `{}` that is known",
            pattern.written(),
            entry.path
        );
        let finding = subject.found("lint::matches-nothing", node.span, entry.path, message);
        let searched = Pattern::new(&format!("(?s).*(?:{}).*", pattern.written())).ok();
        let part = searched.and_then(|p| values.iter().find(|value| p.matches(value)).cloned());
        findings.push(match part {
            Some(value) => finding.hint(format!(
                "it matches a part of `{value}`, and the whole value must match: add `.*`"
            )),
            None => finding.hint("the whole value must match"),
        });
    }
}

/// Every value that is known of an attribute; none where there are endlessly many, or others that we cannot know.
fn known_values(subject: &Subject<'_>, entry: &Entry<'_>) -> Option<Vec<String>> {
    if entry.path == "cluster_type" {
        return Some(attribute::CLUSTER_TYPES.map(str::to_owned).to_vec());
    }
    if let Some((_, words)) = values::WORDS.iter().find(|(path, _)| *path == entry.path) {
        return Some(words.iter().map(|word| (*word).to_owned()).collect());
    }
    let written = entry.node().get("pattern")?.text()?;
    if entry.path == "spark_version" {
        let special = ["custom", "dlt", "snapshot", "esr", "hls", "apache"];
        return (!special.iter().any(|word| written.contains(word)))
            .then(|| super::runtimes::keys(subject.world));
    }
    let nodes = nodes::PATHS.contains(&entry.path) && !written.contains("fleet");
    nodes.then(|| subject.world.node_types.keys().cloned().collect())
}
