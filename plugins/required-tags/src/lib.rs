//! Tags that a cluster must carry, their values, and those the policy fills in itself.

use serde::Deserialize;
use tollgate_sdk::settings::Problems;
use tollgate_sdk::{
    Pattern, Reading, Review, Rule, SettingProblem, Supplied, Verdict, Violation, allowed, plugin,
};

/// The configured rule.
pub struct RequiredTags {
    tags: Vec<Tag>,
    max_tags: Option<usize>,
}

struct Tag {
    key: String,
    path: String,
    values: Option<Vec<String>>,
    pattern: Option<Pattern>,
    supply: Option<Supply>,
    optional: bool,
}

enum Supply {
    Fixed(String),
    Default(String),
}

/// Settings, as the manual page describes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    tags: Vec<TagSettings>,
    max_tags: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagSettings {
    key: String,
    values: Option<Vec<String>>,
    pattern: Option<String>,
    supply: Option<SupplySettings>,
    #[serde(default)]
    optional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SupplySettings {
    fixed: Option<String>,
    default: Option<String>,
}

impl Rule for RequiredTags {
    const NAME: &str = "required-tags";
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const DOCUMENTATION: &str = include_str!("../manual.md");
    const SETTINGS_SCHEMA: &str = include_str!("../settings.schema.json");
    const SUPPLIES: bool = true;

    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, Vec<SettingProblem>> {
        let mut problems = Problems::new();
        let mut tags: Vec<Tag> = Vec::new();
        for (i, tag) in settings.tags.into_iter().enumerate() {
            if tags.iter().any(|before| before.key == tag.key) {
                problems.add(
                    format!("/tags/{i}/key"),
                    format!("tag `{}` is named twice", tag.key),
                );
            }
            tags.push(Tag::new(tag, &format!("/tags/{i}"), &mut problems));
        }
        problems.or(RequiredTags {
            tags,
            max_tags: settings.max_tags,
        })
    }

    fn supply(&self, review: &Review<'_>) -> Vec<Supplied> {
        self.tags.iter().filter_map(|tag| tag.supplied(review)).collect()
    }

    fn evaluate(&self, review: &Review<'_>) -> Verdict {
        let mut verdict = Verdict::pass();
        // Said once instead of once for each tag.
        match review.value("custom_tags") {
            Reading::Is(tags) if !tags.is_map() => {
                verdict.violate(
                    Violation::new(
                        "custom_tags",
                        format!("`custom_tags` is `{}`, expected an object", tags.json()),
                    )
                    .actual(tags),
                );
                return verdict;
            }
            Reading::Unknown => {
                verdict.undetermined("custom_tags", "`custom_tags` is not known yet");
                return verdict;
            }
            _ => {}
        }
        self.tags.iter().for_each(|tag| tag.judge(review, &mut verdict));
        self.judge_number(review, &mut verdict);
        verdict
    }
}

impl RequiredTags {
    fn judge_number(&self, review: &Review<'_>, verdict: &mut Verdict) {
        let Some(max) = self.max_tags else { return };
        let found = review
            .attribute("custom_tags")
            .map_or(0, |tags| tags.members().count());
        if found > max {
            let max = i64::try_from(max).unwrap_or(i64::MAX);
            verdict.violate(
                Violation::new(
                    "custom_tags",
                    format!("`{found}` tags, at most `{max}` are allowed"),
                )
                .actual(i64::try_from(found).unwrap_or(i64::MAX))
                .allowed(allowed::range(None, Some(max))),
            );
        }
    }
}

impl Tag {
    fn new(settings: TagSettings, pointer: &str, problems: &mut Problems) -> Self {
        if settings.key.is_empty() {
            problems.add(format!("{pointer}/key"), "a tag has a name");
        }
        let supply = match settings.supply.map(|supply| (supply.fixed, supply.default)) {
            None => None,
            Some((Some(fixed), None)) => Some(Supply::Fixed(fixed)),
            Some((None, Some(default))) => Some(Supply::Default(default)),
            Some(_) => {
                problems.add(
                    format!("{pointer}/supply"),
                    "either `fixed` or `default` is expected",
                );
                None
            }
        };
        let pattern = settings
            .pattern
            .and_then(|pattern| problems.pattern(&format!("{pointer}/pattern"), &pattern));
        let path = format!("custom_tags.{}", settings.key);
        let tag = Tag {
            path,
            key: settings.key,
            values: settings.values,
            pattern,
            supply,
            optional: settings.optional,
        };
        if let Some(Supply::Fixed(value) | Supply::Default(value)) = &tag.supply
            && tag.objection(value).is_some()
        {
            problems.add(
                format!("{pointer}/supply"),
                format!("`{value}` would itself be denied"),
            );
        }
        tag
    }

    fn supplied(&self, review: &Review<'_>) -> Option<Supplied> {
        match self.supply.as_ref()? {
            Supply::Fixed(value) => Some(Supplied::fixed(&*self.path, value)),
            Supply::Default(value) => matches!(review.value(&self.path), Reading::Absent)
                .then(|| Supplied::default_value(&*self.path, value)),
        }
    }

    fn judge(&self, review: &Review<'_>, verdict: &mut Verdict) {
        let Some(found) = review.text(&self.path).settle(&self.path, verdict) else {
            return;
        };
        let violation = match found.as_deref() {
            None if self.optional => return,
            None => {
                Violation::new(&*self.path, format!("tag `{}` is missing", self.key)).allowed(self.allowed())
            }
            Some(found) => match self.objection(found) {
                Some(objection) => Violation::new(&*self.path, objection)
                    .actual(found)
                    .allowed(self.allowed()),
                None => return,
            },
        };
        verdict.violate(match self.nearest(found.as_deref()) {
            Some(nearest) => violation.remedy(&self.path, nearest),
            None => violation,
        });
    }

    /// Why a value is not allowed.
    fn objection(&self, found: &str) -> Option<String> {
        let key = &self.key;
        if let Some(Supply::Fixed(value)) = &self.supply
            && value != found
        {
            return Some(format!(
                "tag `{key}` is `{found}`, the policy fixes it to `{value}`"
            ));
        }
        if found.is_empty() {
            return Some(format!("tag `{key}` is empty"));
        }
        if let Some(values) = self
            .values
            .as_ref()
            .filter(|values| !values.iter().any(|value| value == found))
        {
            let values = values
                .iter()
                .map(|value| format!("`{value}`"))
                .collect::<Vec<_>>()
                .join(", ");
            return Some(format!("tag `{key}` is `{found}`; allowed: {values}"));
        }
        let pattern = self.pattern.as_ref().filter(|pattern| !pattern.matches(found))?;
        Some(format!(
            "tag `{key}` is `{found}`, which does not match `{}`",
            pattern.written()
        ))
    }

    fn allowed(&self) -> String {
        match (&self.supply, &self.values, &self.pattern) {
            (Some(Supply::Fixed(value)), ..) => allowed::value(value),
            (_, Some(values), _) => allowed::values(values),
            (_, None, Some(pattern)) => allowed::pattern(pattern.written()),
            (_, None, None) => allowed::present(),
        }
    }

    /// The value that was certainly meant: the supplied one, the only one, or one that differs in case or blanks.
    fn nearest(&self, found: Option<&str>) -> Option<&str> {
        if let Some(Supply::Fixed(value) | Supply::Default(value)) = &self.supply {
            return Some(value);
        }
        let admitted = |value: &&String| self.objection(value).is_none();
        let meant = |found: &str| {
            self.values
                .iter()
                .flatten()
                .find(|value| value.eq_ignore_ascii_case(found.trim()))
                .filter(admitted)
        };
        let only = match self.values.as_deref() {
            Some([only]) => Some(only).filter(admitted),
            _ => None,
        };
        found.and_then(meant).or(only).map(String::as_str)
    }
}

plugin!(RequiredTags);

#[cfg(test)]
mod tests {
    use tollgate_sdk::SupplyKind;
    use tollgate_sdk::harness::{Harness, Json, json, review};

    use super::RequiredTags;

    fn rule(tags: Json) -> Harness<RequiredTags> {
        Harness::new(json!({"tags": tags})).unwrap()
    }

    fn tagged(team: Json) -> Json {
        json!({"custom_tags": {"team": team}})
    }

    #[test]
    fn a_tag_must_be_there_and_not_empty() {
        let rule = rule(json!([{"key": "team"}]));
        rule.evaluate(tagged(json!("data"))).allows();
        for cluster in [
            json!({}),
            json!({"custom_tags": null}),
            tagged(Json::Null),
            tagged(json!("")),
            tagged(json!(7)),
        ] {
            rule.evaluate(cluster).violates("custom_tags.team");
        }
    }

    #[test]
    fn keys_may_hold_dots() {
        let rule = rule(json!([{"key": "cost.centre", "pattern": "[0-9]{4}"}]));
        rule.evaluate(json!({"custom_tags": {"cost.centre": "1234"}}))
            .allows();
        let outcome = rule.evaluate(json!({"custom_tags": {"cost.centre": "12345"}}));
        assert_eq!(
            outcome.violates("custom_tags.cost.centre").allowed_json(),
            json!({"pattern": "[0-9]{4}"})
        );
    }

    #[test]
    fn a_value_in_other_case_is_the_one_meant() {
        let rule = rule(json!([{"key": "team", "values": ["data", "web"]}]));
        let outcome = rule.evaluate(tagged(json!(" Data")));
        assert_eq!(
            outcome.violates("custom_tags.team").remedy_json(),
            json!({"custom_tags.team": "data"})
        );
        let outcome = rule.evaluate(tagged(json!("ops")));
        assert_eq!(outcome.violates("custom_tags.team").remedy, None);
    }

    #[test]
    fn a_fixed_value_stands_and_a_default_gives_way() {
        let rule = rule(json!([
            {"key": "team", "supply": {"fixed": "data"}},
            {"key": "env", "supply": {"default": "dev"}},
        ]));
        let supplied = rule.supply(tagged(json!("web")));
        let supplied: Vec<_> = supplied
            .iter()
            .map(|s| (s.path.as_str(), s.value.as_str(), s.kind))
            .collect();
        let expected = [
            ("custom_tags.team", "\"data\"", SupplyKind::Fixed),
            ("custom_tags.env", "\"dev\"", SupplyKind::Default),
        ];
        assert_eq!(supplied, expected);
        let outcome = rule.evaluate(json!({"custom_tags": {"team": "web", "env": "prod"}}));
        assert_eq!(
            outcome.violates("custom_tags.team").remedy_json(),
            json!({"custom_tags.team": "data"})
        );
        assert_eq!(rule.supply(json!({"custom_tags": {"env": "prod"}})).len(), 1);
    }

    #[test]
    fn an_optional_tag_is_judged_only_where_it_is_given() {
        let rule = rule(json!([{"key": "team", "values": ["data"], "optional": true}]));
        rule.evaluate(json!({})).allows();
        rule.evaluate(tagged(json!("web"))).violates("custom_tags.team");
    }

    #[test]
    fn unknown_tags_are_undetermined() {
        let rule = rule(json!([{"key": "team"}, {"key": "env"}]));
        rule.evaluate(review(json!({})).unknown(&["custom_tags"]))
            .cannot_judge("custom_tags");
        let partly = review(json!({"custom_tags": {"env": "dev"}})).unknown(&["custom_tags.team"]);
        rule.evaluate(partly).cannot_judge("custom_tags.team");
        rule.evaluate(json!({"custom_tags": "team"}))
            .violates("custom_tags");
    }

    #[test]
    fn tags_are_counted() {
        let rule = Harness::<RequiredTags>::new(json!({"tags": [], "max_tags": 1})).unwrap();
        rule.evaluate(tagged(json!("a"))).allows();
        rule.evaluate(json!({"custom_tags": {"a": "1", "b": "2"}}))
            .violates("custom_tags");
    }

    #[test]
    fn every_problem_of_the_settings_is_reported_with_its_place() {
        let settings = json!({"tags": [
            {"key": "a", "pattern": "["},
            {"key": "a", "values": ["x"], "supply": {"fixed": "y"}},
            {"key": "b", "supply": {}},
        ]});
        let problems = Harness::<RequiredTags>::new(settings).err().unwrap();
        let pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/tags/0/pattern",
                "/tags/1/key",
                "/tags/1/supply",
                "/tags/2/supply"
            ]
        );
    }
}
