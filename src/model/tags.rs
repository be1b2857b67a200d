//! Custom tags of a cluster, a pool or a row of usage, in one canonical form.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tags as a JSON object in the order of their keys, so that the same tags are the same text; empty for none.
///
/// They are kept as the text that is stored and hashed, and taken apart where somebody asks for one of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Tags(String);

/// A text that is not the canonical form of tags.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not the canonical form of tags: a JSON object of texts, in the order of its keys, or nothing"
)]
pub struct NotTags(pub String);

impl Tags {
    /// These tags; of two of one key the last.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Tags {
        Tags::canonical(&pairs.into_iter().collect())
    }

    /// Custom tags in the order written; of a key that is written twice the first counts.
    pub fn of_custom_tags(tags: &[(String, String)]) -> Tags {
        // Later ones take the place of earlier ones, so the first is told last.
        Tags::of(
            tags.iter()
                .rev()
                .map(|(key, value)| (key.as_str(), value.as_str())),
        )
    }

    /// These tags.
    pub fn of_map(pairs: &BTreeMap<String, String>) -> Tags {
        Tags::of(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    }

    fn canonical(pairs: &BTreeMap<&str, &str>) -> Tags {
        if pairs.is_empty() {
            return Tags::default();
        }
        // Texts by text always have a form in JSON.
        Tags(serde_json::to_string(pairs).unwrap_or_default())
    }

    /// Reads the canonical form.
    ///
    /// # Errors
    /// [`NotTags`].
    pub fn parse(text: String) -> Result<Tags, NotTags> {
        if text.is_empty() {
            return Ok(Tags::default());
        }
        let pairs: Option<BTreeMap<String, String>> = serde_json::from_str(&text).ok();
        match pairs.map(|pairs| Tags::of_map(&pairs)) {
            Some(tags) if tags.0 == text => Ok(tags),
            _ => Err(NotTags(text)),
        }
    }

    /// The canonical form: `{"CostCenter":"4711","team":"data"}`.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, by key.
    pub fn pairs(&self) -> BTreeMap<String, String> {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_tags_are_the_same_text_in_any_order() {
        let tags = Tags::of([("team", "data"), ("CostCenter", "4711")]);
        assert_eq!(tags.text(), r#"{"CostCenter":"4711","team":"data"}"#);
        assert_eq!(tags, Tags::of([("CostCenter", "4711"), ("team", "data")]));
        assert_eq!(Tags::of([]).text(), "");
        for wrong in ["{}", "x", r#"{"b":"1","a":"2"}"#, r#"{"a": "1"}"#, r#"{"a":1}"#] {
            assert_eq!(Tags::parse(wrong.to_owned()), Err(NotTags(wrong.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn tags_read_back_what_they_are(pairs in prop::collection::btree_map(any::<String>(), any::<String>(), 0..5)) {
            let tags = Tags::of_map(&pairs);
            prop_assert_eq!(tags.pairs(), pairs);
            prop_assert_eq!(Tags::parse(tags.text().to_owned()), Ok(tags));
        }
    }
}
