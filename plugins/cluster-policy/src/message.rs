//! What a violation says: in Databricks' words, letter for letter where they are known, and in ours.
//!
//! `Validation failed for <A>, <S> <predicate> (is "<actual>")`: A is the path and S is `the value`; for a key of a map A is
//! the map and S the key; a `spark_version` has no S. Where each text was seen is in the README.

use tollgate_policy_language::element::without_photon;
use tollgate_policy_language::{Breach, Element, Kind, Rule, Scalar, Target};

use crate::prepared::{Clause, number};
use crate::situation::Situation;

/// What is shown in place of a value that belongs into no message.
const HIDDEN: &str = "[hidden]";

/// As many values of a list are shown, and as many letters of a value.
const MOST_VALUES: usize = 100;
const MOST_LETTERS: usize = 256;

/// The two texts of one violation.
pub(crate) struct Texts {
    pub ours: String,
    pub databricks: String,
}

/// A value that is there and should be another.
pub(crate) fn broken(
    clause: &Clause,
    path: &str,
    given: &str,
    breach: Breach,
    situation: &Situation<'_>,
) -> Texts {
    let element = &clause.element;
    let list = || listed(clause, element.rule.values(), situation);
    let bound = |which: fn(&Rule) -> String| which(&element.rule);
    let (predicate, expected) = match breach {
        Breach::NotTheValue => (format!("must be {}", list()), format!("`{}` is required", list())),
        Breach::Present => ("cannot be present".into(), "it must not be given".into()),
        Breach::NotListed => (
            format!("needs to be one of ({})", list()),
            format!("one of {} is required", ticked(clause, situation)),
        ),
        Breach::Listed => (
            format!("cannot be one of ({})", list()),
            format!("none of {} is allowed", ticked(clause, situation)),
        ),
        Breach::NoMatch => (
            format!("must match the regex {}", pattern(clause)),
            format!("the whole of it must match `{}`", pattern(clause)),
        ),
        Breach::TooSmall => (
            format!("cannot be less than {}", bound(lower)),
            format!("at least `{}` is required", bound(lower)),
        ),
        Breach::TooLarge => (
            format!("cannot be greater than {}", bound(upper)),
            format!("at most `{}` is allowed", bound(upper)),
        ),
        Breach::NotANumber => ("must be a number".into(), "a number is required".into()),
    };
    let shown = if clause.secret { HIDDEN } else { beginning(given) };
    let actual = match breach {
        Breach::TooSmall | Breach::TooLarge => String::new(),
        _ if speaks_of_spellings(element, breach) => {
            let plain = without_photon(shown);
            format!(
                " (is an element in \"List({shown}, {})\")",
                plain.as_deref().unwrap_or(shown)
            )
        }
        _ => format!(" (is \"{shown}\")"),
    };
    let subject = if speaks_of_spellings(element, breach) {
        String::new()
    } else {
        subject(element)
    };
    Texts {
        ours: format!("`{path}` is `{shown}`, {expected}"),
        databricks: format!(
            "Validation failed for {}, {subject}{predicate}{actual}",
            attribute(element, path)
        ),
    }
}

/// A value that is missing.
pub(crate) fn missing(element: &Element) -> Texts {
    Texts {
        ours: format!("`{}` is not given", element.path),
        databricks: format!(
            "Validation failed for {}, {}must be present",
            attribute(element, &element.path),
            subject(element)
        ),
    }
}

/// Databricks judges a `spark_version` as a list of its spellings, and says so.
fn speaks_of_spellings(element: &Element, breach: Breach) -> bool {
    element.kind == Kind::RuntimeKey
        && matches!(breach, Breach::NotTheValue | Breach::NotListed | Breach::Listed)
}

fn attribute<'p>(element: &'p Element, path: &'p str) -> &'p str {
    match &element.target {
        Target::Key { map, .. } => map,
        _ => path,
    }
}

fn subject(element: &Element) -> String {
    match &element.target {
        Target::Key { key, .. } => format!("{key} "),
        _ => "the value ".into(),
    }
}

/// The values of an element, aliases resolved, joined as Databricks joins them.
fn listed(clause: &Clause, values: &[Scalar], situation: &Situation<'_>) -> String {
    join(values, |value| shown(clause, value, situation))
}

fn ticked(clause: &Clause, situation: &Situation<'_>) -> String {
    join(clause.element.rule.values(), |value| {
        format!("`{}`", shown(clause, value, situation))
    })
}

/// Values joined; of a long list the beginning, and how many there are.
fn join(values: &[Scalar], shown: impl Fn(&Scalar) -> String) -> String {
    let mut joined = values
        .iter()
        .take(MOST_VALUES)
        .map(shown)
        .collect::<Vec<_>>()
        .join(", ");
    if values.len() > MOST_VALUES {
        joined.push_str(&format!(", ... {} in all", values.len()));
    }
    joined
}

/// The beginning of a value that may be long.
fn beginning(value: &str) -> &str {
    let end = value.char_indices().nth(MOST_LETTERS).map(|(end, _)| end);
    end.and_then(|end| value.get(..end)).unwrap_or(value)
}

fn shown(clause: &Clause, value: &Scalar, situation: &Situation<'_>) -> String {
    if clause.secret {
        return HIDDEN.into();
    }
    beginning(&situation.as_filled_in(&clause.element, value)).to_owned()
}

fn pattern(clause: &Clause) -> &str {
    match &clause.element.rule {
        _ if clause.secret => HIDDEN,
        Rule::Regex(pattern) => pattern.written(),
        _ => "",
    }
}

fn lower(rule: &Rule) -> String {
    match rule {
        Rule::Range { min: Some(min), .. } => number(min).to_string(),
        _ => String::new(),
    }
}

fn upper(rule: &Rule) -> String {
    match rule {
        Rule::Range { max: Some(max), .. } => number(max).to_string(),
        _ => String::new(),
    }
}
