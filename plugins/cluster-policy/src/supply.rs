//! Values that the definition fills in: fixed ones always, defaults where the request asks for them.

use tollgate_policy_language::element::is_alias;
use tollgate_policy_language::path::{LISTS, LogPart};
use tollgate_policy_language::{Element, Kind, Rule, Scalar, Target};
use tollgate_sdk::json::ToJson;
use tollgate_sdk::{Supplied, SupplyKind};

use crate::dialect::{Filling, Missing};
use crate::prepared::{Clause, Prepared, filled_entry};
use crate::situation::{LOG_KINDS, Seen, Situation};

/// The value that would fill in an omitted attribute, as JSON text.
pub(crate) struct Filler {
    pub json: String,
    pub fixed: bool,
}

/// Everything that the definition fills in.
pub(crate) fn supplies(definition: &Prepared, situation: &Situation<'_>) -> Vec<Supplied> {
    let mut supplied = Vec::new();
    for clause in &definition.elements {
        if let Target::Field(_) | Target::Key { .. } = clause.element.target
            && let Some(filler) = filler(clause, situation)
            && matches!(situation.see(&clause.element), Seen::Absent)
        {
            supplied.push(filler.at(&clause.element.path));
        }
    }
    entries(definition, situation, &mut supplied);
    log_conf(definition, situation, &mut supplied);
    supplied
}

/// The scalar that stands in for an omitted value, and whether it is fixed.
fn stand_in<'c>(clause: &'c Clause, situation: &Situation<'_>) -> Option<(&'c Scalar, bool)> {
    let element = &clause.element;
    match (&element.rule, &element.default) {
        _ if element.target.is_virtual() || is_no_entry(&element.target) => None,
        (Rule::Fixed(value), _) => {
            (situation.dialect.missing_fixed == Missing::Fill).then_some((value, true))
        }
        (Rule::Forbidden, _) => None,
        (_, Some(default)) => {
            let fills = !element.is_optional || situation.dialect.optional_defaults == Filling::Fill;
            (situation.wants_defaults && fills).then_some((default, false))
        }
        _ => None,
    }
}

/// What would fill in an omitted attribute; none where nothing does, or where its alias cannot be resolved.
pub(crate) fn filler(clause: &Clause, situation: &Situation<'_>) -> Option<Filler> {
    let (scalar, fixed) = stand_in(clause, situation)?;
    Some(Filler {
        json: fitting(clause, scalar, situation)?,
        fixed,
    })
}

/// A scalar as the JSON that the attribute takes.
pub(crate) fn fitting(clause: &Clause, scalar: &Scalar, situation: &Situation<'_>) -> Option<String> {
    if clause.element.kind == Kind::RuntimeKey && is_alias(&scalar.text) {
        return situation.resolve(&scalar.text).map(|key| key.as_ref().to_json());
    }
    Some(scalar.fitting(clause.element.kind).to_string())
}

/// Whether an omitted attribute would be filled in if only its alias could be resolved.
pub(crate) fn waits_for_alias(clause: &Clause, situation: &Situation<'_>) -> bool {
    stand_in(clause, situation).is_some_and(|(scalar, _)| fitting(clause, scalar, situation).is_none())
}

impl Filler {
    fn at(self, path: &str) -> Supplied {
        Supplied {
            path: path.to_owned(),
            value: self.json,
            kind: if self.fixed {
                SupplyKind::Fixed
            } else {
                SupplyKind::Default
            },
        }
    }
}

/// Entries are appended to their list, one after the other, as long as there is no gap. Of an entry that is there,
/// only what its kind lacks is filled in: the region of a script in S3.
fn entries(definition: &Prepared, situation: &Situation<'_>, supplied: &mut Vec<Supplied>) {
    let appends = situation.dialect.missing_entries == Missing::Fill;
    let (mut list, mut given) = ("", 0_usize);
    // The kinds of the entries appended so far.
    let mut appended: Vec<Option<&str>> = Vec::new();
    for clause in definition
        .entries
        .iter()
        .filter_map(|i| definition.elements.get(*i))
    {
        let Some((of, index)) = filled_entry(clause) else {
            continue;
        };
        if of != list {
            given = situation.entries(of).count();
            list = of;
            appended.clear();
        }
        let kind = kind(&clause.element);
        let has_place = match index.checked_sub(given) {
            None => situation.lacks(&clause.element),
            // An entry that was just appended may take a second value of its kind: destination and region.
            Some(place) => {
                appends
                    && appended
                        .get(place)
                        .map_or(place == appended.len(), |known| *known == kind)
            }
        };
        if !has_place || situation.is_unknown(&clause.element.path) {
            continue;
        }
        if let Some(filler) = filler(clause, situation) {
            supplied.push(filler.at(&clause.element.path));
            if index.checked_sub(given) == Some(appended.len()) {
                appended.push(kind);
            }
        }
    }
}

/// Whether a path leads into a list by what is no index: `init_scripts.01.dbfs`.
fn is_no_entry(target: &Target) -> bool {
    matches!(target, Target::Field(segments) if segments.first().is_some_and(|list| LISTS.contains(&list.as_str())))
}

/// The kind of entry that an element speaks of: `workspace` of `init_scripts.0.workspace.destination`.
fn kind(element: &Element) -> Option<&str> {
    match &element.target {
        Target::Entry { rest, .. } => rest.first().map(String::as_str),
        _ => None,
    }
}

/// `cluster_log_conf` is filled in as a whole, when its type and its path are known.
fn log_conf(definition: &Prepared, situation: &Situation<'_>, supplied: &mut Vec<Supplied>) {
    if situation.given("cluster_log_conf").is_some() || situation.is_unknown("cluster_log_conf") {
        return;
    }
    let part = |wanted: LogPart| {
        let aims = |clause: &&Clause| clause.element.target == Target::LogConf(wanted);
        let clause = definition.elements.iter().find(aims)?;
        if situation.is_unknown(&clause.element.path) {
            return None;
        }
        stand_in(clause, situation).map(|(scalar, fixed)| (scalar.text.as_str(), fixed))
    };
    let (Some((kind, _)), Some((path, fixed))) = (part(LogPart::Type), part(LogPart::Path)) else {
        return;
    };
    let Some((member, name)) = LOG_KINDS.iter().find(|(_, name)| *name == kind) else {
        return;
    };
    let filler = Filler {
        json: path.to_json(),
        fixed,
    };
    supplied.push(filler.at(&format!("cluster_log_conf.{member}.destination")));
    if let ("S3", Some((region, fixed))) = (*name, part(LogPart::Region)) {
        let filler = Filler {
            json: region.to_json(),
            fixed,
        };
        supplied.push(filler.at("cluster_log_conf.s3.region"));
    }
}
