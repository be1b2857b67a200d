//! Which rules can ever decide.

use super::{Condition, Rule};
use crate::model::glob::matches;

/// Ways in which a rule with lists of patterns may hold that are looked at one by one; beyond it the rule is looked at as a whole.
const MOST_WAYS: usize = 512;

/// Whether a rule can decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// It can, as far as patterns tell.
    Open,
    /// It says the same as an earlier rule, by its place.
    Double(usize),
    /// Wherever it holds, one of these earlier rules has decided.
    Behind(Vec<usize>),
}

/// Whether the rule at a place can decide. What it says is certain; of rules that are unreachable for subtler reasons nothing is said.
pub fn reach(rules: &[Rule], place: usize) -> Reach {
    let Some(rule) = rules.get(place) else {
        return Reach::Open;
    };
    let earlier: Vec<(usize, &Rule, Vec<Condition>)> = rules
        .iter()
        .enumerate()
        .take(place)
        .map(|(number, rule)| (number, rule, rule.all_conditions().collect()))
        .collect();
    let own: Vec<Condition> = rule.all_conditions().collect();
    let same = |(_, other, conditions): &&(usize, &Rule, Vec<Condition>)| {
        other.cost_centre == rule.cost_centre && covers(conditions, &own) && covers(&own, conditions)
    };
    if let Some((number, ..)) = earlier.iter().find(same) {
        return Reach::Double(*number);
    }
    let mut behind = Vec::new();
    for way in ways(&own) {
        let covering = earlier.iter().find(|(_, _, conditions)| covers(conditions, &way));
        match covering {
            Some((number, ..)) => behind.push(*number),
            None => return Reach::Open,
        }
    }
    behind.sort_unstable();
    behind.dedup();
    Reach::Behind(behind)
}

/// Whether the first hold wherever the second do: each asks of a field no more than one of those asks of it.
fn covers(wide: &[Condition], narrow: &[Condition]) -> bool {
    wide.iter().all(|condition| {
        let mut same_field = narrow.iter().filter(|other| other.field == condition.field);
        same_field.any(|other| {
            let mut patterns = other.patterns.iter();
            patterns.all(|narrow| condition.patterns.iter().any(|wide| matches(wide, narrow)))
        })
    })
}

/// The ways in which conditions may hold: one pattern of each.
fn ways(conditions: &[Condition]) -> Vec<Vec<Condition>> {
    let mut counts = conditions.iter().map(|condition| condition.patterns.len());
    let count = counts.try_fold(1_usize, |all, patterns| all.checked_mul(patterns));
    if count.is_none_or(|count| count > MOST_WAYS) {
        return vec![conditions.to_vec()];
    }
    conditions.iter().fold(vec![Vec::new()], |ways, condition| {
        let longer = ways.iter().flat_map(|way| {
            condition.patterns.iter().map(move |pattern| {
                let one = Condition {
                    field: condition.field.clone(),
                    patterns: vec![pattern.clone()],
                };
                way.iter().cloned().chain([one]).collect()
            })
        });
        longer.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cost_centre::Field;

    fn rule(cost_centre: &str, conditions: &[(Field, &[&str])]) -> Rule {
        let conditions = conditions.iter().map(|(field, patterns)| Condition {
            field: field.clone(),
            patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
        });
        Rule {
            cost_centre: cost_centre.parse().unwrap(),
            conditions: conditions.collect(),
            line: 0,
        }
    }

    #[test]
    fn a_rule_behind_wider_ones_cannot_be_reached() {
        let (workspace, owner) = (Field::Workspace, Field::Owner);
        let rules = [
            rule("a", &[(workspace.clone(), &["prod-*"])]),
            rule(
                "b",
                &[
                    (workspace.clone(), &["prod-eu", "prod-us"]),
                    (owner.clone(), &["x"]),
                ],
            ),
            rule("a", &[(workspace.clone(), &["prod-*"])]),
            rule("c", &[(workspace.clone(), &["dev"])]),
            // Half of it stands in the first, half in the fourth.
            rule("d", &[(workspace.clone(), &["prod-1", "dev"])]),
            rule("e", &[(workspace.clone(), &["*"])]),
            rule("{owner}", &[(Field::Pool, &["p"])]),
            rule("f", &[(Field::Pool, &["p"]), (owner.clone(), &["x"])]),
            rule("g", &[(Field::Pool, &["p"])]),
            rule("h", &[(Field::Tag("t".to_owned()), &["*"])]),
            rule("{tag.t}", &[]),
        ];
        let found: Vec<Reach> = (0..rules.len()).map(|place| reach(&rules, place)).collect();
        assert_eq!(
            found,
            [
                Reach::Open,
                Reach::Behind(vec![0]),
                Reach::Double(0),
                Reach::Open,
                Reach::Behind(vec![0, 3]),
                Reach::Open,
                Reach::Open,
                Reach::Behind(vec![6]),
                Reach::Open,
                Reach::Open,
                Reach::Behind(vec![9]),
            ]
        );
    }

    #[test]
    fn a_rule_of_very_many_ways_is_looked_at_as_a_whole() {
        let many: Vec<String> = (0..30).map(|n| format!("w-{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let wide = rule("a", &[(Field::Workspace, &["w-*"])]);
        let narrow = rule("b", &[(Field::Workspace, &many), (Field::Owner, &many)]);
        assert_eq!(reach(&[wide, narrow], 1), Reach::Behind(vec![0]));
    }
}
