//! Values: of the wrong type, unknown, out of range, at odds with the rule they stand in.

use rust_decimal::Decimal;
use tollgate_policy_language::element::is_alias;
use tollgate_policy_language::{Breach, Finding as Judgement, Kind, Rule, decimal};

use super::subject::{Entry, Subject, judge};
use super::texts::is_template;
use crate::model::finding::Finding;
use crate::model::suggest::hint;
use crate::model::tree::Node;

/// `"maxValue": "10"`, `"value": "true"`: text where a number or a boolean is meant.
pub(super) fn value_as_text(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        let mut nodes: Vec<&Node> = ["minValue", "maxValue"]
            .into_iter()
            .filter_map(|name| entry.node().get(name))
            .collect();
        let (numbers, booleans) = (element.kind == Kind::Number, element.kind == Kind::Boolean);
        if numbers || booleans {
            nodes.extend(entry.scalars().into_iter().map(|(_, node, _)| node));
        }
        for node in nodes {
            let Some(text) = node.text() else { continue };
            let what = match text {
                "true" | "false" if booleans => "boolean",
                _ if !booleans && is_plain_number(text) => "number",
                _ => continue,
            };
            findings.push(
                subject
                    .found(
                        "lint::value-as-text",
                        node.span,
                        entry.path,
                        format!("the {what} `{text}` is written as text"),
                    )
                    .hint("remove the quotes")
                    .fix(
                        format!("took the quotes off `{text}`"),
                        [subject.unquote(node, text)],
                    ),
            );
        }
    }
}

/// A number that JSON and YAML write like this and read alike.
fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all(whole) && all(rest) && text.len() <= 15 && (whole == "0" || !whole.starts_with('0'))
}

/// A number where the attribute is a boolean, text where it is a number: no request has that.
pub(super) fn impossible_value(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        if matches!(element.rule, Rule::Blocklist(_)) {
            continue;
        }
        for (name, node, text) in entry.scalars() {
            let (wanted, fits) = match element.kind {
                Kind::Number => ("a number", decimal::parse(&text).is_some()),
                Kind::Boolean => ("true or false", text == "true" || text == "false"),
                _ => continue,
            };
            if !fits {
                let shown = subject.shown(entry.path, &text);
                let message = format!("`{}` is {wanted}, found {shown} in `{name}`", entry.path);
                let finding = subject.found("lint::impossible-value", node.span, entry.path, message);
                findings.push(finding.hint(format!("write {wanted}")));
            }
        }
    }
}

/// A default that its own rule refuses.
pub(super) fn default_breaks_rule(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        let Some(default) = &element.default else {
            continue;
        };
        let templates =
            is_template(&default.text) || element.rule.values().iter().any(|v| is_template(&v.text));
        if templates || is_alias(&default.text) {
            if !templates && refuses_alias(&element.rule, &default.text) {
                findings.push(broken(subject, entry, &default.text, "is blocked"));
            }
            continue;
        }
        let why = match judge(element, &default.text) {
            Judgement::Breaks(Breach::NotListed) => "is not one of its `values`",
            Judgement::Breaks(Breach::Listed) => "is one of its `values`, which are blocked",
            Judgement::Breaks(Breach::NoMatch) => "does not match its `pattern` (the whole value must)",
            Judgement::Breaks(Breach::TooSmall) => "is below its `minValue`",
            Judgement::Breaks(Breach::TooLarge) => "is above its `maxValue`",
            // Told as an impossible value.
            _ => continue,
        };
        findings.push(broken(subject, entry, &default.text, why));
    }
}

/// What an alias stands for changes; only a list that blocks the alias itself surely refuses it.
fn refuses_alias(rule: &Rule, alias: &str) -> bool {
    matches!(rule, Rule::Blocklist(values) if values.iter().any(|v| v.text == alias))
}

fn broken(subject: &Subject<'_>, entry: &Entry<'_>, default: &str, why: &str) -> Finding {
    let message = format!("the default {} {why}", subject.shown(entry.path, default));
    subject
        .at_member("lint::default-breaks-rule", entry, "defaultValue", message)
        .hint("requests that ask for defaults are refused: change the default or the rule")
}

/// A lower bound above the upper one.
pub(super) fn range_order(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        if let Rule::Range {
            min: Some(min),
            max: Some(max),
        } = &element.rule
            && min > max
        {
            let message = format!("`minValue` is {min} and `maxValue` is {max}: no number lies between");
            findings.push(
                subject
                    .at_member("lint::range-order", entry, "minValue", message)
                    .hint("swap them"),
            );
        }
    }
}

/// A range without bounds.
pub(super) fn range_open(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        if matches!(element.rule, Rule::Range { min: None, max: None }) {
            let finding = subject.at(
                "lint::range-open",
                entry,
                "a range without a bound admits every number",
            );
            findings.push(
                finding.hint("add `minValue` or `maxValue`; to admit anything use the type `unlimited`"),
            );
        }
    }
}

/// A range on text.
pub(super) fn range_on_text(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        let what = match element.kind {
            Kind::Boolean => "a boolean",
            Kind::Text | Kind::RuntimeKey | Kind::SecurityMode => "text",
            _ => continue,
        };
        if matches!(element.rule, Rule::Range { .. }) {
            let message = format!(
                "a range on `{}`, which is {what}: no value is a number",
                entry.path
            );
            let finding = subject.at_member("lint::range-on-text", entry, "type", message);
            findings.push(finding.hint("use `allowlist` or `regex`"));
        }
    }
}

/// An allowlist that allows nothing.
pub(super) fn empty_values(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        if matches!(&element.rule, Rule::Allowlist(values) if values.is_empty()) {
            findings.push(
                subject
                    .at_member(
                        "lint::empty-values",
                        entry,
                        "values",
                        "an empty list allows no value",
                    )
                    .hint("to forbid the attribute use `forbidden`, to admit anything `unlimited`"),
            );
        }
    }
}

/// Attributes that take one of a few words.
pub(super) const WORDS: [(&str, &[&str]); 8] = [
    (
        "aws_attributes.availability",
        &["SPOT", "ON_DEMAND", "SPOT_WITH_FALLBACK"],
    ),
    (
        "azure_attributes.availability",
        &["SPOT_AZURE", "ON_DEMAND_AZURE", "SPOT_WITH_FALLBACK_AZURE"],
    ),
    (
        "gcp_attributes.availability",
        &[
            "PREEMPTIBLE_GCP",
            "ON_DEMAND_GCP",
            "PREEMPTIBLE_WITH_FALLBACK_GCP",
        ],
    ),
    (
        "aws_attributes.ebs_volume_type",
        &["GENERAL_PURPOSE_SSD", "THROUGHPUT_OPTIMIZED_HDD"],
    ),
    ("cluster_log_conf.type", &["S3", "VOLUMES", "DBFS", "NONE"]),
    ("runtime_engine", &["PHOTON", "STANDARD", "NULL"]),
    ("kind", &["CLASSIC_PREVIEW"]),
    (
        "data_security_mode",
        &[
            "NONE",
            "SINGLE_USER",
            "USER_ISOLATION",
            "LEGACY_TABLE_ACL",
            "LEGACY_PASSTHROUGH",
            "LEGACY_SINGLE_USER",
            "LEGACY_SINGLE_USER_STANDARD",
            "DATA_SECURITY_MODE_AUTO",
            "DATA_SECURITY_MODE_STANDARD",
            "DATA_SECURITY_MODE_DEDICATED",
        ],
    ),
];

/// A word that the attribute does not take.
pub(super) fn unknown_value(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, _) in subject.read() {
        let Some((_, words)) = WORDS.iter().find(|(path, _)| *path == entry.path) else {
            continue;
        };
        for (_, node, text) in entry.scalars() {
            if !words.contains(&text.as_str()) {
                let message = format!("`{}` does not take `{text}`", entry.path);
                let finding = subject.found("lint::unknown-value", node.span, entry.path, message);
                findings.push(finding.hint(hint(&text, words, |all| format!("it takes {all}"))));
            }
        }
    }
}

/// What the API takes of a number, where that is published.
const LIMITS: [(&str, i64, i64); 4] = [
    ("autotermination_minutes", 10, 10_000),
    ("aws_attributes.spot_bid_price_percent", 0, 10_000),
    ("aws_attributes.ebs_volume_count", 0, 10),
    ("aws_attributes.ebs_volume_size", 100, 4_096),
];

/// A number that the policy names and the API refuses.
pub(super) fn beyond_api(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for (entry, element) in subject.read() {
        let Some((path, least, most)) = LIMITS.iter().find(|(path, ..)| *path == entry.path) else {
            continue;
        };
        let (least, most) = (Decimal::from(*least), Decimal::from(*most));
        // 0 is "never" there.
        let zero = if *path == "autotermination_minutes" {
            "0 or "
        } else {
            ""
        };
        let outside = |n: Decimal| (n < least || n > most) && (zero.is_empty() || !n.is_zero());
        let takes = format!("the API takes {zero}{least} to {most}");
        if let Rule::Range { min, max } = element.rule {
            let nothing = max.is_some_and(|max| {
                max < least && (zero.is_empty() || min.is_some_and(|m| m > Decimal::ZERO))
            }) || min.is_some_and(|min| min > most);
            if nothing {
                let message = format!("no number of this range is one that `{path}` can have: {takes}");
                findings.push(
                    subject
                        .at("lint::beyond-api", entry, message)
                        .hint("move the bounds"),
                );
            }
        }
        if matches!(element.rule, Rule::Blocklist(_)) {
            continue;
        }
        for (name, node, text) in entry.scalars() {
            if decimal::parse(&text).is_some_and(outside) {
                let message = format!("`{name}` is {text}: {takes}");
                let finding = subject.found("lint::beyond-api", node.span, entry.path, message);
                findings.push(finding.hint("write a number that it takes"));
            }
        }
    }
}

/// The least and the greatest number that an element admits, as far as it says.
pub(super) fn bounds(rule: &Rule) -> (Option<Decimal>, Option<Decimal>) {
    match rule {
        Rule::Fixed(value) => (value.number, value.number),
        Rule::Range { min, max } => (*min, *max),
        Rule::Allowlist(values) => {
            let numbers: Option<Vec<Decimal>> = values.iter().map(|v| v.number).collect();
            let numbers = numbers.unwrap_or_default();
            (numbers.iter().min().copied(), numbers.iter().max().copied())
        }
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::is_plain_number;

    #[test]
    fn only_numbers_that_every_reader_reads_alike_lose_their_quotes() {
        for text in ["0", "-1", "10", "0.9", "-1.0"] {
            assert!(is_plain_number(text), "{text}");
        }
        for text in [
            "",
            "-",
            "007",
            "1e3",
            ".5",
            "1.",
            "+1",
            "12345678901234567890",
            "0x1",
            " 1",
        ] {
            assert!(!is_plain_number(text), "{text}");
        }
    }
}
