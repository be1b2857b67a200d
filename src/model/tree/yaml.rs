//! YAML, as saphyr reads it. Keys given twice, several documents and the like are told by
//! [`Document`](crate::model::document::Document), which is asked first.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::{Content, Member, Node, Span};

/// Reads a text of one document; none where it is not one, or is nested too deeply.
pub fn parse(text: &str) -> Option<Node> {
    let loaded = MarkedYaml::load_from_str(text).ok()?;
    let [root] = loaded.as_slice() else {
        return None;
    };
    let reader = Reader {
        bytes: text.char_indices().map(|(at, _)| at).collect(),
        text,
    };
    reader.node(root, 0)
}

/// Deepest nesting accepted.
const MAX_DEPTH: usize = 64;

struct Reader<'a> {
    text: &'a str,
    /// Byte of each character.
    bytes: Vec<usize>,
}

impl Reader<'_> {
    fn node(&self, marked: &MarkedYaml<'_>, depth: usize) -> Option<Node> {
        let deeper = depth.saturating_add(1);
        if deeper > MAX_DEPTH {
            return None;
        }
        let content = match &marked.data {
            YamlData::Value(scalar) => self.scalar(scalar),
            YamlData::Sequence(items) => {
                let entries: Option<Vec<Node>> = items.iter().map(|item| self.node(item, deeper)).collect();
                Content::List(entries?)
            }
            YamlData::Mapping(entries) => {
                let members: Option<Vec<Member>> = entries
                    .iter()
                    .map(|(key, value)| {
                        Some(Member {
                            key: self.key(key, deeper)?,
                            value: self.node(value, deeper)?,
                        })
                    })
                    .collect();
                Content::Object(members?)
            }
            YamlData::Tagged(_, inner) => return self.node(inner, deeper),
            YamlData::Representation(text, ..) => Content::Text(text.to_string()),
            YamlData::Alias(_) | YamlData::BadValue => return None,
        };
        let byte = |index: usize| self.bytes.get(index).copied().unwrap_or(self.text.len());
        let span = Span {
            start: byte(marked.span.start.index()),
            end: byte(marked.span.end.index()),
        };
        Some(Node { span, content })
    }

    fn scalar(&self, scalar: &Scalar<'_>) -> Content {
        match scalar {
            Scalar::Null => Content::Null,
            Scalar::Boolean(set) => Content::Boolean(*set),
            Scalar::Integer(number) => Content::Number(number.to_string()),
            Scalar::FloatingPoint(number) => Content::Number(number.into_inner().to_string()),
            Scalar::String(text) => Content::Text(text.to_string()),
        }
    }

    /// A key; numbers and booleans are taken as text.
    fn key(&self, marked: &MarkedYaml<'_>, depth: usize) -> Option<Node> {
        let mut node = self.node(marked, depth)?;
        node.content = match node.content {
            Content::Number(text) => Content::Text(text),
            Content::Boolean(set) => Content::Text(set.to_string()),
            Content::Text(text) => Content::Text(text),
            _ => return None,
        };
        Some(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_scalars_hold_what_is_written() {
        let text = "ä: 'it''s'\nb: [1, \"x\", plain one] # c\nc: {d: true}\ne: |\n  {\n    \"x\": 1\n  }\nf: >-\n  a\n  b\ng: 1.50\n";
        let root = parse(text).unwrap();
        let written = |pointer: &str| {
            let span = root.at(pointer).unwrap().span;
            &text[span.start..span.end]
        };
        assert_eq!(written("/ä"), "'it''s'");
        assert_eq!(written("/b/0"), "1");
        assert_eq!(written("/b/1"), "\"x\"");
        assert_eq!(written("/b/2"), "plain one");
        assert_eq!(written("/c/d"), "true");
        // Of a block, the text without its header; of its first line without the indentation.
        assert_eq!(written("/e"), "{\n    \"x\": 1\n  }\n");
        assert_eq!((written("/f"), written("/g")), ("a\n  b\n", "1.50"));
        assert_eq!(root.member("ä").unwrap().key.span, Span { start: 0, end: 2 });
        assert_eq!(parse("a: 1\n---\nb: 2\n"), None);
    }
}
