//! Where attributes of a cluster were written, in documents that are put together from several places.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Places of attributes by their paths: those that stand on another line than what holds them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written(BTreeMap<String, Line>);

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The file.
    pub source: Arc<str>,
    /// The line, from 1.
    pub line: usize,
}

/// Everything stands in one piece.
pub static IN_ONE_PIECE: Written = Written(BTreeMap::new());

impl Written {
    /// Remembers the place of an attribute.
    pub fn insert(&mut self, path: &str, at: Line) {
        self.0.insert(path.to_owned(), at);
    }

    /// File and line of an attribute, or of the nearest that holds it; none where they are those of the whole.
    pub fn place(&self, path: &str) -> Option<(&str, usize)> {
        let mut at = path;
        loop {
            if let Some(found) = self.0.get(at) {
                return Some((&found.source, found.line));
            }
            at = at.rsplit_once('.')?.0;
        }
    }

    /// Every place that is known, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Line)> {
        self.0.iter().map(|(path, line)| (path.as_str(), line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_place_stands_where_what_holds_it_does() {
        let mut written = Written::default();
        for (path, line) in [("custom_tags", 4), ("spark_conf.spark.x", 7)] {
            let source = Arc::from("b.yml");
            written.insert(path, Line { source, line });
        }
        assert_eq!(written.place("custom_tags.team"), Some(("b.yml", 4)));
        assert_eq!(written.place("spark_conf.spark.x"), Some(("b.yml", 7)));
        assert_eq!(written.place("spark_conf.spark.y"), None);
        assert_eq!(IN_ONE_PIECE.place("custom_tags"), None);
    }
}
