//! Definitions, and requests that nearly fit them.
//!
//! A question is the settings of a rule and some reviews. Both draw from one small alphabet of values for each
//! attribute, and from attributes that have to do with each other (pools and node types, sizes, the entries of a
//! list), so that hits, near misses and contradictions are frequent.
//!
//! Absent on purpose, because neither the reference nor the table of decisions says what is right: objects and lists
//! where a scalar belongs, scalars on the way to an attribute, list entries without any kind, `cluster_log_conf`
//! without a member or with two, `minValue` above `maxValue`, patterns for `cluster_source` and `data_security_mode`,
//! ranges of `spark_version`, `forbidden` for `dbus_per_hour`. What a review marks as unknown is not in its cluster.

mod alphabet;
mod definition;
mod review;

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use alphabet::{Subject, groups};

/// Settings, and so many reviews.
pub fn question(reviews: usize) -> impl Strategy<Value = (Value, Vec<Value>)> {
    theme().prop_flat_map(move |theme| {
        definition::settings(&theme).prop_flat_map(move |settings| {
            let review = review::review(&theme, &settings);
            (Just(settings), prop::collection::vec(review, reviews))
        })
    })
}

/// So many definitions with ten reviews each; the same for the same seed.
pub fn pairs(seed: [u8; 32], definitions: usize) -> impl Iterator<Item = (Value, Vec<Value>)> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let question = question(10);
    (0..definitions).map(move |_| question.new_tree(&mut runner).unwrap().current())
}

/// The attributes that a question is about: some of one to four groups.
fn theme() -> impl Strategy<Value = Vec<Subject>> {
    let some_of_group = |group: Vec<Subject>| {
        let most = group.len().min(5);
        prop::sample::subsequence(group, 1..=most)
    };
    prop::sample::subsequence(groups(), 1..=4)
        .prop_flat_map(move |groups| groups.into_iter().map(some_of_group).collect::<Vec<_>>())
        .prop_map(|groups| groups.concat())
        .prop_shuffle()
}

/// One of some values.
fn one_of<T: Clone + Debug + 'static>(values: impl Into<Vec<T>>) -> BoxedStrategy<T> {
    prop::sample::select(values.into()).boxed()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::naive;
    use super::*;

    #[test]
    fn a_seed_says_it_all() {
        let first: Vec<_> = pairs([7; 32], 5).collect();
        assert_eq!(first, pairs([7; 32], 5).collect::<Vec<_>>());
        assert_ne!(first, pairs([8; 32], 5).collect::<Vec<_>>());
        assert!(first.iter().all(|(_, reviews)| reviews.len() == 10));
    }

    /// Every way to be answered is met often enough that a test over some hundred questions meets it.
    #[test]
    fn questions_meet_every_answer() {
        let mut met: BTreeMap<&str, usize> = BTreeMap::new();
        let mut asked = 0;
        for (settings, reviews) in pairs([1; 32], 400) {
            for review in reviews {
                asked += 1;
                for answer in answers(&settings, &review) {
                    *met.entry(answer).or_default() += 1;
                }
            }
        }
        let rare: Vec<_> = ANSWERS
            .iter()
            .filter(|answer| met.get(*answer).copied().unwrap_or(0) < 8)
            .collect();
        assert!(rare.is_empty(), "{rare:?} of {asked}: {met:#?}");
    }

    const ANSWERS: [&str; 24] = [
        "refused",
        "passes",
        "fixed",
        "default",
        "undetermined",
        "violated",
        "must be present",
        "cannot be present",
        " must be ",
        "needs to be one of",
        "cannot be one of",
        "must match",
        "must be a number",
        "cannot be less",
        "cannot be greater",
        "is an element in",
        "Invalid spark version",
        "cannot be supplied",
        "Exactly 1 of",
        "policy_id",
        "in a list",
        "in the logs",
        "in a map",
        "runtime",
    ];

    fn answers(settings: &Value, review: &Value) -> Vec<&'static str> {
        let Ok(answer) = naive::judge(settings, review) else {
            return vec!["refused"];
        };
        let mut answers = Vec::new();
        let mut note = |name: &'static str, met: bool| {
            if met {
                answers.push(name);
            }
        };
        let filled = |start: &str| answer.supplied.iter().any(|(path, _, _)| path.starts_with(start));
        note("violated", !answer.violated.is_empty());
        note("undetermined", !answer.undetermined.is_empty());
        note(
            "passes",
            answer.violated.is_empty() && answer.undetermined.is_empty(),
        );
        note("fixed", answer.supplied.iter().any(|(_, _, fixed)| *fixed));
        note("default", answer.supplied.iter().any(|(_, _, fixed)| !*fixed));
        note("policy_id", answer.violated.contains("policy_id"));
        note("in a list", filled("init_scripts.") || filled("ssh_public_keys."));
        note("in the logs", filled("cluster_log_conf."));
        note("in a map", filled("custom_tags.") || filled("spark_conf."));
        note("runtime", filled("spark_version"));
        for text in answer.messages.values().flatten() {
            for part in ANSWERS {
                note(part, text.contains(part));
            }
        }
        answers
    }
}
