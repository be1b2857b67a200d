//! Cost centres by ordered rules: whose use of what is owed by whom.
//!
//! Comes in: a subject, and what is billed. Goes out: the cost centre, and the rule that decided: the first whose
//! conditions all hold; none, and it is the one that the file names for the rest. Nothing is looked up and nothing is
//! remembered, so the same rules say the same of the same subject for ever. Deliberately absent: the file they are read from.
//!
//! ```text
//! CostCentres   rules in their order, and `otherwise`
//! Rule          Template (who owes) when Conditions hold (Field is one of patterns)
//! Asked         Subject and what is billed: what Fields are read from
//! ```

mod field;
mod reach;
mod template;

pub use field::{Asked, Field};
pub use reach::{Reach, reach};
pub use template::{NotATemplate, Template};

use super::glob::matches;

/// Rules in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostCentres {
    /// The rules.
    pub rules: Vec<Rule>,
    /// Who owes where no rule decides.
    pub otherwise: String,
}

/// Who owes, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Who owes.
    pub cost_centre: Template,
    /// All of them must hold; and everything that the template names must be there.
    pub conditions: Vec<Condition>,
    /// The line it stands on, for people; 0 where there are no lines.
    pub line: usize,
}

/// What a field must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Which field.
    pub field: Field,
    /// Patterns, one of which must match. What is not there matches none.
    pub patterns: Vec<String>,
}

/// What the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The rule's place among the rules; none where no rule decides.
    pub rule: Option<usize>,
    /// Who owes.
    pub cost_centre: String,
}

/// A condition, and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// What was asked for.
    pub field: Field,
    /// Which of these must match; none where the field must only be there.
    pub patterns: Vec<String>,
    /// What was found; none where nothing is there.
    pub found: Option<String>,
    /// Whether it holds.
    pub holds: bool,
}

impl CostCentres {
    /// Who owes: the first rule that holds decides.
    pub fn decide(&self, asked: &Asked<'_>) -> Decided {
        let deciding = self.rules.iter().enumerate().find_map(|(number, rule)| {
            let holds = rule.conditions.iter().all(|condition| condition.holds(asked));
            let cost_centre = holds.then(|| rule.cost_centre.fill(asked)).flatten()?;
            Some((number, cost_centre))
        });
        match deciding {
            Some((number, cost_centre)) => Decided {
                rule: Some(number),
                cost_centre,
            },
            None => Decided {
                rule: None,
                cost_centre: self.otherwise.clone(),
            },
        }
    }
}

impl Rule {
    /// Everything the rule asks, with what it finds: its conditions, then what its template names.
    pub fn look(&self, asked: &Asked<'_>) -> Vec<Looked> {
        self.all_conditions()
            .map(|condition| Looked {
                found: asked.value(&condition.field).map(str::to_owned),
                holds: condition.holds(asked),
                field: condition.field,
                patterns: condition.patterns,
            })
            .collect()
    }

    /// Its conditions, and that what its template names is there.
    fn all_conditions(&self) -> impl Iterator<Item = Condition> {
        let named = self.cost_centre.fields().map(|field| Condition {
            field: field.clone(),
            patterns: vec!["*".to_owned()],
        });
        self.conditions.iter().cloned().chain(named)
    }
}

impl Condition {
    fn holds(&self, asked: &Asked<'_>) -> bool {
        let found = asked.value(&self.field);
        found.is_some_and(|value| self.patterns.iter().any(|pattern| matches(pattern, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tags::Tags;
    use crate::model::usage::Subject;
    use proptest::prelude::*;

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

    fn tag(key: &str) -> Field {
        Field::Tag(key.to_owned())
    }

    /// The rules of docs/attribution.md.
    fn rules() -> CostCentres {
        CostCentres {
            rules: vec![
                rule("data-platform", &[(tag("CostCenter"), &["4711"])]),
                rule("{tag.team}", &[(Field::Workspace, &["lakehouse", "prod-*"])]),
                rule("analytics", &[(Field::ClusterName, &["ana-*"])]),
                rule(
                    "science",
                    &[
                        (Field::Owner, &["*@science.example.com"]),
                        (Field::Policy, &["shared-compute"]),
                    ],
                ),
                rule("machines", &[(Field::Meter, &["vm"])]),
            ],
            otherwise: "unallocated".to_owned(),
        }
    }

    fn decided(subject: &Subject, meter: &str) -> (Option<usize>, String) {
        let meter = meter.parse().unwrap();
        let decided = rules().decide(&Asked::of(subject).billed(&meter));
        (decided.rule, decided.cost_centre)
    }

    const DBU: &str = "dbu/AZURE/PREMIUM_JOBS_COMPUTE";

    #[test]
    fn the_first_rule_whose_conditions_all_hold_decides() {
        let base = Subject {
            workspace: "prod-1".to_owned(),
            cluster_name: "ana-1".to_owned(),
            owner: "x@science.example.com".to_owned(),
            ..Subject::default()
        };
        let with = |tags: &[(&str, &str)]| Subject {
            tags: Tags::of(tags.iter().copied()),
            ..base.clone()
        };
        let says = |rule, name: &str| (rule, name.to_owned());
        assert_eq!(
            decided(&with(&[("CostCenter", "4711"), ("team", "x")]), DBU),
            says(Some(0), "data-platform")
        );
        assert_eq!(
            decided(&with(&[("CostCenter", "47"), ("team", " x ")]), DBU),
            says(Some(1), "x")
        );
        // Without the tag, or with an empty one, the rule has nobody to name.
        assert_eq!(decided(&with(&[]), DBU), says(Some(2), "analytics"));
        assert_eq!(decided(&with(&[("team", " ")]), DBU), says(Some(2), "analytics"));
        let mut other = base.clone();
        other.cluster_name.clear();
        // The owner alone is not enough.
        assert_eq!(decided(&other, DBU), says(None, "unallocated"));
        assert_eq!(
            decided(&other, "vm/AZURE/westus2/Standard_DS3_v2/spot"),
            says(Some(4), "machines")
        );
        other.policy = "shared-compute".to_owned();
        assert_eq!(decided(&other, DBU), says(Some(3), "science"));
    }

    #[test]
    fn every_field_is_read_from_its_place() {
        let subject = Subject {
            workspace: "w".to_owned(),
            cluster_id: "i".to_owned(),
            cluster_name: "n".to_owned(),
            job_name: "j".to_owned(),
            pool: "p".to_owned(),
            policy: "y".to_owned(),
            owner: "o".to_owned(),
            tags: Tags::of([("k", "t")]),
            ..Subject::default()
        };
        let meter = "vm/AZURE/westus2/Standard_DS3_v2/spot".parse().unwrap();
        let asked = Asked::of(&subject).billed(&meter);
        let template: Template = "{workspace} {cluster_id} {cluster_name} {job_name} {pool} {policy} {owner} {tag.k} {cloud} {meter} {sku}"
            .parse()
            .unwrap();
        assert_eq!(
            template.fill(&asked).as_deref(),
            Some("w i n j p y o t AZURE vm Standard_DS3_v2 Spot")
        );
        assert_eq!(template.fill(&Asked::of(&subject)), None);
    }

    proptest! {
        /// A rule that cannot be reached decides nothing, and a rule that decides is not told as one.
        #[test]
        fn what_cannot_be_reached_never_decides(
            told in prop::collection::vec((prop::collection::vec((0_usize..2, prop::collection::vec("[ab*]{1,3}", 1..3)), 0..3), any::<bool>()), 1..5),
            subjects in prop::collection::vec(("[ab]{0,3}", "[ab]{0,3}"), 1..30),
        ) {
            let fields = [Field::Workspace, Field::Owner];
            let rules: Vec<Rule> = told.iter().map(|(conditions, named)| Rule {
                cost_centre: if *named { "{owner}" } else { "x" }.parse().unwrap(),
                conditions: conditions.iter().map(|(field, patterns)| Condition {
                    field: fields[*field].clone(),
                    patterns: patterns.clone(),
                }).collect(),
                line: 0,
            }).collect();
            let reached: Vec<Reach> = (0..rules.len()).map(|number| reach(&rules, number)).collect();
            let rules = CostCentres { rules, otherwise: "-".to_owned() };
            for (workspace, owner) in subjects {
                let subject = Subject { workspace, owner, ..Subject::default() };
                if let Some(number) = rules.decide(&Asked::of(&subject)).rule {
                    prop_assert_eq!(&reached[number], &Reach::Open, "{:?} decides {:?}", number, subject);
                }
            }
        }
    }
}
