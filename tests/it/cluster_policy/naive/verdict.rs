//! The second half of an answer: what elements say of the completed cluster.

use regex::RegexBuilder;
use rust_decimal::Decimal;
use serde_json::Value;

use super::Answer;
use super::attribute::{
    Kind, decimal, is_decided_by_pool, is_virtual, kind, map_and_key, read, text, with_index,
};
use super::definition::{Element, Rule};
use super::log_conf;
use super::question::Question;
use super::supply::{Wish, wish};

/// What an element says of a value.
enum Finding {
    Passes,
    /// What Databricks would say, from `must be` on.
    Objects(String),
    /// It depends on an alias that the facts do not know.
    Unknown,
}

/// Holds one element against the completed cluster.
pub fn evaluate(question: &Question<'_>, element: &Element, cluster: &Value, answer: &mut Answer) {
    let path = &element.path;
    if question.ignores(element) {
        return;
    }
    if with_index(path, 0).is_some() {
        each_entry(question, element, cluster, answer);
    } else if question.is_unknown(path) {
        answer.undetermined.insert(path.clone());
    } else if is_virtual(path) {
        match question.virtual_value(path, cluster) {
            Some(value) => present(question, element, path, &value, answer),
            None if matches!(element.rule, Rule::Unlimited) => {}
            None => {
                answer.undetermined.insert(path.clone());
            }
        }
    } else if log_conf::is_synthetic(path) {
        in_log_conf(question, element, cluster, answer);
    } else {
        match read(cluster, path) {
            Some(value) => present(question, element, path, &value, answer),
            None => absent(question, element, cluster, answer),
        }
    }
}

/// An element for `*` judges the entries that have the attribute and no element of their own.
fn each_entry(question: &Question<'_>, element: &Element, cluster: &Value, answer: &mut Answer) {
    let list = element.path.split('.').next().unwrap_or_default();
    if question.is_unknown(list) {
        answer.undetermined.insert(element.path.clone());
        return;
    }
    let entries = read(cluster, list).and_then(|entries| entries.as_array().map(Vec::len));
    for index in 0..entries.unwrap_or(0) {
        let path = with_index(&element.path, index).unwrap_or_default();
        if question.element(&path).is_some() {
            continue;
        }
        if question.is_unknown(&path) {
            answer.undetermined.insert(path);
        } else if let Some(value) = read(cluster, &path) {
            present(question, element, &path, &value, answer);
        }
    }
}

/// A cluster without logs has the type `NONE`; but that does not break a rule that logs may be left out.
fn in_log_conf(question: &Question<'_>, element: &Element, cluster: &Value, answer: &mut Answer) {
    let without_logs = log_conf::value(cluster, "cluster_log_conf.type") == Some(Value::from("NONE"));
    let may_be_left_out = matches!(element.rule, Rule::Forbidden)
        || element.limits() && (element.optional || passes_for_its_default(question, element));
    match log_conf::value(cluster, &element.path) {
        Some(_) if without_logs && may_be_left_out => {}
        Some(value) => present(question, element, &element.path, &value, answer),
        None => absent(question, element, cluster, answer),
    }
}

fn present(question: &Question<'_>, element: &Element, path: &str, value: &Value, answer: &mut Answer) {
    match find(question, element, value) {
        Finding::Passes => {}
        Finding::Objects(predicate) => object(path, &predicate, answer),
        Finding::Unknown => {
            answer.undetermined.insert(path.to_owned());
        }
    }
}

fn absent(question: &Question<'_>, element: &Element, cluster: &Value, answer: &mut Answer) {
    let path = &element.path;
    if matches!(element.rule, Rule::Forbidden) {
        return;
    }
    if wish(question, element) == Wish::UnknownAlias {
        answer.undetermined.insert(path.clone());
        return;
    }
    if element.limits() {
        if element.optional {
            return;
        }
        if read(cluster, "instance_pool_id").is_some() {
            if path == "node_type_id" || path == "driver_node_type_id" {
                match question.node_type_of_pool(path) {
                    Some(node_type) => present(question, element, path, &node_type, answer),
                    None => {
                        answer.undetermined.insert(path.clone());
                    }
                }
                return;
            }
            if is_decided_by_pool(path) {
                answer.undetermined.insert(path.clone());
                return;
            }
        }
        let is_range_of_number =
            matches!(element.rule, Rule::Range { .. }) && kind(path) == Some(Kind::Number);
        if is_range_of_number && question.chooses("missing_number", "zero") {
            present(question, element, path, &Value::from(0), answer);
            return;
        }
        if passes_for_its_default(question, element) {
            return;
        }
    }
    object(path, "the value must be present", answer);
}

/// The recorded test that accepted a missing attribute with a `defaultValue` nobody had asked for.
fn passes_for_its_default(question: &Question<'_>, element: &Element) -> bool {
    element.default.is_some()
        && !question.defaults_asked()
        && question.chooses("missing_with_default", "allow")
}

/// What the element says of a value that is there.
fn find(question: &Question<'_>, element: &Element, value: &Value) -> Finding {
    let path = &element.path;
    let found = text(value);
    match &element.rule {
        Rule::Unlimited => Finding::Passes,
        Rule::Forbidden => Finding::Objects(format!("the value cannot be present (is \"{found}\")")),
        Rule::Fixed(fixed) => {
            let objection = format!("must be {}", text(fixed));
            one_of(question, path, std::slice::from_ref(fixed), &found, &objection)
        }
        Rule::Allowlist(values) => {
            let objection = format!("needs to be one of ({})", joined(values));
            one_of(question, path, values, &found, &objection)
        }
        Rule::Blocklist(values) => match is_listed(question, path, values, &found) {
            Listed::Yes => {
                let objection = format!("cannot be one of ({})", joined(values));
                Finding::Objects(with_found(path, &objection, &found))
            }
            Listed::Unknown => Finding::Unknown,
            Listed::No => Finding::Passes,
        },
        Rule::Regex(pattern) => {
            if spellings(path, &found)
                .iter()
                .any(|one| matches_whole(path, pattern, one))
            {
                Finding::Passes
            } else {
                let objection = format!("the value must match the regex {pattern} (is \"{found}\")");
                Finding::Objects(objection)
            }
        }
        Rule::Range { min, max } => within(min.as_ref(), max.as_ref(), &found),
    }
}

fn one_of(question: &Question<'_>, path: &str, values: &[Value], found: &str, objection: &str) -> Finding {
    match is_listed(question, path, values, found) {
        Listed::Yes => Finding::Passes,
        Listed::Unknown => Finding::Unknown,
        Listed::No => Finding::Objects(with_found(path, objection, found)),
    }
}

enum Listed {
    Yes,
    No,
    /// Not among the values we can read, and one of them is an alias that the facts do not know.
    Unknown,
}

fn is_listed(question: &Question<'_>, path: &str, values: &[Value], found: &str) -> Listed {
    let mut unknown = false;
    for value in values {
        let value = text(value);
        let allowed = if path == "spark_version" && value.starts_with("auto:") {
            match question.alias(&value) {
                Some(keys) => keys,
                None => {
                    unknown = true;
                    continue;
                }
            }
        } else {
            vec![value]
        };
        for one in spellings(path, found) {
            if allowed.iter().any(|value| same(question, path, value, &one)) {
                return Listed::Yes;
            }
        }
    }
    if unknown { Listed::Unknown } else { Listed::No }
}

/// A `spark_version` as written and without `-photon-`; anything else as written.
fn spellings(path: &str, found: &str) -> Vec<String> {
    let mut spellings = vec![found.to_owned()];
    if path == "spark_version" {
        spellings.push(found.replace("-photon-", "-"));
    }
    spellings
}

/// Two values are the same for an attribute.
fn same(question: &Question<'_>, path: &str, policy: &str, found: &str) -> bool {
    if policy == found {
        return true;
    }
    if path == "cluster_source" {
        return policy.eq_ignore_ascii_case(found);
    }
    if path == "data_security_mode" && !question.chooses("enum_aliases", "false") {
        return old_name(policy) == old_name(found);
    }
    match (kind(path), decimal(policy), decimal(found)) {
        (Some(Kind::Number), Some(policy), Some(found)) => policy == found,
        _ => false,
    }
}

/// The name of an access mode before it was renamed.
fn old_name(mode: &str) -> &str {
    match mode {
        "DATA_SECURITY_MODE_DEDICATED" => "SINGLE_USER",
        "DATA_SECURITY_MODE_STANDARD" => "USER_ISOLATION",
        other => other,
    }
}

fn matches_whole(path: &str, pattern: &str, found: &str) -> bool {
    let whole = RegexBuilder::new(&format!(r"\A(?:{pattern})\z"))
        .case_insensitive(path == "cluster_source")
        .build();
    whole.is_ok_and(|whole| whole.is_match(found))
}

fn within(min: Option<&Value>, max: Option<&Value>, found: &str) -> Finding {
    let Some(number) = decimal(found) else {
        return Finding::Objects(format!("the value must be a number (is \"{found}\")"));
    };
    let bound = |bound: &Value| -> Option<Decimal> { decimal(&text(bound)) };
    match (min, max) {
        (Some(min), _) if bound(min).is_some_and(|min| number < min) => {
            Finding::Objects(format!("the value cannot be less than {}", text(min)))
        }
        (_, Some(max)) if bound(max).is_some_and(|max| number > max) => {
            Finding::Objects(format!("the value cannot be greater than {}", text(max)))
        }
        _ => Finding::Passes,
    }
}

fn joined(values: &[Value]) -> String {
    values.iter().map(text).collect::<Vec<String>>().join(", ")
}

/// An objection with what was found. The texts for `spark_version` have no subject and show its two spellings.
fn with_found(path: &str, objection: &str, found: &str) -> String {
    if path == "spark_version" {
        let both = spellings(path, found).join(", ");
        return format!("{objection} (is an element in \"List({both})\")");
    }
    format!("the value {objection} (is \"{found}\")")
}

/// Notes a violation. In maps the attribute is the map and the subject the key.
fn object(path: &str, predicate: &str, answer: &mut Answer) {
    let message = match (map_and_key(path), predicate.strip_prefix("the value ")) {
        (Some((map, key)), Some(rest)) => format!("Validation failed for {map}, {key} {rest}"),
        _ => format!("Validation failed for {path}, {predicate}"),
    };
    answer.violate(path, Some(message));
}
