//! What is judged: the request and what is known about it.

use std::borrow::Cow;

use crate::document::{Document, Value};
use tollgate_policy_language::path::is_within;

use crate::path::{Found, walk};
use crate::{Decimal, Verdict};

/// A review as the host sent it.
///
/// Attributes are looked up by Databricks path (`azure_attributes.availability`, `custom_tags.team`,
/// `init_scripts.0.workspace.destination`). JSON `null` counts as absent.
pub struct Review<'a> {
    document: Document<'a>,
}

/// What reading an attribute came to. A rule judges the first two; [`Verdict::unclear`](crate::Verdict::unclear)
/// handles the others.
pub enum Reading<'d, T> {
    /// The value.
    Is(T),
    /// The attribute is not given, or is `null`.
    Absent,
    /// The attribute will have a value that nobody knows yet (a Terraform plan's `known after apply`).
    Unknown,
    /// The value has the wrong type.
    Wrong(Misfit<'d>),
}

/// A value of the wrong type.
pub struct Misfit<'d> {
    /// Where it stands; the parent's path when the parent is in the way.
    pub path: String,
    /// The value.
    pub found: Value<'d>,
    /// What was expected, with its article: `a whole number`.
    pub expected: &'static str,
}

impl<'d, T> Reading<'d, T> {
    /// The value, if there is one.
    pub fn known(self) -> Option<T> {
        match self {
            Reading::Is(value) => Some(value),
            _ => None,
        }
    }

    /// The reading with a value in place of an absent attribute.
    pub fn or(self, default: T) -> Self {
        match self {
            Reading::Absent => Reading::Is(default),
            other => other,
        }
    }

    /// The value or its absence; a value that is unknown or of the wrong type goes into the verdict.
    ///
    /// Gives none when there is nothing to judge, so that a rule can leave early.
    pub fn settle(self, path: &str, verdict: &mut Verdict) -> Option<Option<T>> {
        match self {
            Reading::Is(value) => Some(Some(value)),
            Reading::Absent => Some(None),
            unclear => {
                verdict.unclear(path, &unclear);
                None
            }
        }
    }
}

impl<'a> Review<'a> {
    /// Reads the text of a review.
    ///
    /// # Errors
    /// The text is not a JSON object with a `cluster`.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        let document = Document::parse(text).map_err(|why| format!("the review is {why}"))?;
        match document.root().get("cluster").is_some_and(Value::is_map) {
            true => Ok(Review { document }),
            false => Err("the review has no `cluster` object".into()),
        }
    }

    fn member(&self, key: &str) -> Option<Value<'_>> {
        self.document.root().get(key).filter(|value| !value.is_null())
    }

    fn member_text(&self, key: &str) -> Cow<'_, str> {
        self.member(key).and_then(Value::text).unwrap_or_default()
    }

    /// The request's cluster, as the Clusters API spells it.
    pub fn cluster(&self) -> Value<'_> {
        self.member("cluster").unwrap_or_else(|| self.document.root())
    }

    /// What is asked for: `create`.
    pub fn action(&self) -> Cow<'_, str> {
        self.member_text("action")
    }

    /// The instant of the review, RFC 3339 in UTC. The only clock there is.
    pub fn at(&self) -> Cow<'_, str> {
        self.member_text("at")
    }

    /// Who asks; none if that is not known.
    pub fn principal(&self) -> Option<Cow<'_, str>> {
        self.member("principal").and_then(Value::text)
    }

    /// `all-purpose`, `job` or `dlt`.
    pub fn workload(&self) -> Cow<'_, str> {
        self.member_text("workload")
    }

    /// `AZURE`, `AWS` or `GCP`; empty if that is not known.
    pub fn cloud(&self) -> Cow<'_, str> {
        self.member_text("cloud")
    }

    /// A fact that the rule asked for in [`Rule::FACTS`](crate::Rule::FACTS).
    pub fn fact(&self, name: &str) -> Option<Value<'_>> {
        self.member("facts")?.get(name).filter(|value| !value.is_null())
    }

    /// Whether the attribute, or a parent of it, has a value that nobody knows yet.
    pub fn is_unknown(&self, path: &str) -> bool {
        self.unknown().any(|unknown| is_within(path, &unknown))
    }

    /// Whether the attribute, a parent of it or anything below it has a value that nobody knows yet.
    pub fn is_unknown_within(&self, path: &str) -> bool {
        self.unknown()
            .any(|unknown| is_within(path, &unknown) || is_within(&unknown, path))
    }

    /// What an attribute that nobody knows yet will refer to, where that is known: a pool of the same plan. Facts and
    /// estimates take it into account.
    pub fn reference(&self, path: &str) -> Option<Cow<'_, str>> {
        self.member("references")?.get(path).and_then(Value::text)
    }

    /// Whether facts and estimates that depend on the attribute are in the dark: it, or something within it, is not
    /// known, nor what it will refer to.
    pub fn is_open_within(&self, path: &str) -> bool {
        self.is_unknown_within(path) && self.reference(path).is_none()
    }

    /// Whether the verdict's details should say how it came about.
    pub fn wants_trace(&self) -> bool {
        self.member("trace").and_then(Value::boolean) == Some(true)
    }

    /// The paths that nobody knows yet.
    pub fn unknown(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.member("unknown")
            .into_iter()
            .flat_map(Value::items)
            .filter_map(Value::text)
    }

    /// The value of an attribute; none if it is absent, `null` or unknown.
    pub fn attribute(&self, path: &str) -> Option<Value<'_>> {
        self.value(path).known()
    }

    /// The value of an attribute, whatever its type.
    pub fn value(&self, path: &str) -> Reading<'_, Value<'_>> {
        if self.is_unknown(path) {
            return Reading::Unknown;
        }
        match walk(self.cluster(), path) {
            Found::Absent => Reading::Absent,
            Found::At(found) => Reading::Is(found),
            Found::Blocked(found, length) => Reading::Wrong(Misfit {
                path: path.get(..length).unwrap_or(path).into(),
                found,
                expected: "an object",
            }),
        }
    }

    fn typed<'d, T>(
        &'d self,
        path: &str,
        expected: &'static str,
        convert: impl FnOnce(Value<'d>) -> Option<T>,
    ) -> Reading<'d, T> {
        match self.value(path) {
            Reading::Is(found) => match convert(found) {
                Some(value) => Reading::Is(value),
                None => Reading::Wrong(Misfit {
                    path: path.into(),
                    found,
                    expected,
                }),
            },
            Reading::Absent => Reading::Absent,
            Reading::Unknown => Reading::Unknown,
            Reading::Wrong(misfit) => Reading::Wrong(misfit),
        }
    }

    /// An attribute that is a string.
    pub fn text(&self, path: &str) -> Reading<'_, Cow<'_, str>> {
        self.typed(path, "a string", Value::text)
    }

    /// An attribute that is a whole number.
    pub fn integer(&self, path: &str) -> Reading<'_, i64> {
        self.typed(path, "a whole number", Value::integer)
    }

    /// An attribute that is a whole number, 0 or more.
    pub fn count(&self, path: &str) -> Reading<'_, i64> {
        self.typed(path, "a whole number, 0 or more", |value| {
            value.integer().filter(|n| *n >= 0)
        })
    }

    /// An attribute that is a number.
    pub fn decimal(&self, path: &str) -> Reading<'_, Decimal> {
        self.typed(path, "a number", Value::decimal)
    }

    /// An attribute that is `true` or `false`.
    pub fn boolean(&self, path: &str) -> Reading<'_, bool> {
        self.typed(path, "`true` or `false`", Value::boolean)
    }

    /// An attribute that is a list.
    pub fn list(&self, path: &str) -> Reading<'_, Value<'_>> {
        self.typed(path, "a list", |value| value.is_list().then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::{Reading, Review};

    const REVIEW: &str = r#"{
        "action": "create", "at": "2026-10-01T00:00:00Z", "principal": null, "workload": "job", "cloud": "AZURE",
        "cluster": {
            "num_workers": 4, "cluster_name": null, "autoscale": "wide",
            "custom_tags": {"cost.centre": "12", "team": "data"},
            "spark_conf": {"spark.master": "local[*]"},
            "init_scripts": [{"workspace": {"destination": "/Shared/a.sh"}}]
        },
        "unknown": ["azure_attributes", "node_type_id", "custom_tags.owner"],
        "facts": {"runtime": {"key": "15.4.x-scala2.12"}}
    }"#;

    #[test]
    fn the_rest_of_a_path_into_a_map_is_one_key() {
        let review = Review::parse(REVIEW).unwrap();
        assert_eq!(review.text("custom_tags.cost.centre").known().unwrap(), "12");
        assert_eq!(
            review.text("spark_conf.spark.master").known().unwrap(),
            "local[*]"
        );
        assert!(review.attribute("custom_tags").unwrap().is_map());
    }

    #[test]
    fn numbers_in_a_path_count_from_zero_in_a_list() {
        let review = Review::parse(REVIEW).unwrap();
        assert_eq!(
            review
                .text("init_scripts.0.workspace.destination")
                .known()
                .unwrap(),
            "/Shared/a.sh"
        );
        assert!(matches!(
            review.text("init_scripts.1.workspace.destination"),
            Reading::Absent
        ));
    }

    #[test]
    fn null_and_missing_are_absent() {
        let review = Review::parse(REVIEW).unwrap();
        assert!(matches!(review.text("cluster_name"), Reading::Absent));
        assert!(matches!(review.text("spark_version"), Reading::Absent));
        assert_eq!(review.principal(), None);
    }

    #[test]
    fn what_refers_to_something_known_is_unknown_and_not_open() {
        let text = r#"{"cluster": {}, "unknown": ["instance_pool_id", "num_workers"],
            "references": {"instance_pool_id": "databricks_instance_pool.small"}}"#;
        let review = Review::parse(text).unwrap();
        assert!(matches!(review.text("instance_pool_id"), Reading::Unknown));
        assert_eq!(
            review.reference("instance_pool_id").unwrap(),
            "databricks_instance_pool.small"
        );
        assert!(!review.is_open_within("instance_pool_id") && review.is_open_within("num_workers"));
    }

    #[test]
    fn what_lies_below_an_unknown_attribute_is_unknown() {
        let review = Review::parse(REVIEW).unwrap();
        assert!(matches!(
            review.text("azure_attributes.availability"),
            Reading::Unknown
        ));
        assert!(review.is_unknown("custom_tags.owner") && !review.is_unknown("custom_tags"));
        assert!(review.is_unknown_within("custom_tags"));
        assert!(!review.is_unknown("node_type_id_other"));
    }

    #[test]
    fn the_value_in_the_way_is_named() {
        let review = Review::parse(REVIEW).unwrap();
        match review.integer("autoscale.max_workers") {
            Reading::Wrong(misfit) => {
                assert_eq!(
                    (misfit.path.as_str(), misfit.found.json()),
                    ("autoscale", "\"wide\"")
                );
            }
            _ => panic!("`autoscale` is not an object"),
        }
    }

    #[test]
    fn facts_are_found_by_name() {
        let review = Review::parse(REVIEW).unwrap();
        let key = review
            .fact("runtime")
            .and_then(|fact| fact.get("key"))
            .and_then(|key| key.text());
        assert_eq!(key.unwrap(), "15.4.x-scala2.12");
        assert!(review.fact("nodes").is_none());
    }

    #[test]
    fn a_review_needs_a_cluster() {
        assert!(Review::parse("{}").is_err());
        assert!(Review::parse(r#"{"cluster": 1}"#).is_err());
        assert!(Review::parse("[").is_err());
    }
}
