//! A text that stands in a file: the whole file, or JSON written as a text inside it. Knows for each of its bytes
//! where in the file it is written, so that what is found inside is shown and changed at its place.

use std::borrow::Cow;

use super::document::Place;
use super::finding::Edit;
use super::tree::json::unescape;
use super::tree::{Node, Span};

/// A file: its name and its text.
#[derive(Debug, Clone)]
pub struct File {
    /// As diagnostics name it.
    pub source: String,
    /// Its text.
    pub text: String,
    lines: Vec<usize>,
}

impl File {
    /// A file of a name and a text.
    pub fn new(source: impl Into<String>, text: impl Into<String>) -> File {
        let text = text.into();
        let after = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
        File {
            source: source.into(),
            lines: std::iter::once(0).chain(after).collect(),
            text,
        }
    }

    /// Line and column of a byte. A byte order mark takes no column.
    pub fn place(&self, byte: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= byte);
        let start = line
            .checked_sub(1)
            .and_then(|i| self.lines.get(i))
            .copied()
            .unwrap_or(0);
        let before = self.text.get(start..byte).unwrap_or_default();
        let column = before.trim_start_matches('\u{feff}').chars().count();
        Place {
            line,
            column: column.saturating_add(1),
        }
    }

    /// The whole of it, without a byte order mark.
    pub fn passage(&self) -> Passage<'_> {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        let mark = self.text.len().saturating_sub(text.len());
        Passage {
            file: self,
            text: Cow::Borrowed(text),
            written: Written::From(mark),
        }
    }
}

/// A text of a file.
#[derive(Debug, Clone)]
pub struct Passage<'a> {
    /// Where it stands.
    pub file: &'a File,
    /// The text.
    pub text: Cow<'a, str>,
    written: Written,
}

/// Where in the file the bytes of a passage are.
#[derive(Debug, Clone)]
enum Written {
    /// One after the other, the first one here.
    From(usize),
    /// Each at its own place, and one more for the end.
    Each(Vec<usize>),
    /// Somewhere in here: the way it is written cannot be followed.
    Within(Span),
}

impl<'a> Passage<'a> {
    /// Line and column of a byte of the passage.
    pub fn place(&self, byte: usize) -> Place {
        self.file.place(self.byte(byte))
    }

    /// A change of some bytes of the passage; none where their place is not known.
    ///
    /// What is put there needs no escaping however deep it stands: it is a word or a number.
    pub fn edit(&self, span: Span, text: &str) -> Option<Edit> {
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
        (plain && !matches!(self.written, Written::Within(_))).then(|| Edit {
            start: self.byte(span.start),
            end: self.byte(span.end),
            text: text.to_owned(),
        })
    }

    /// The text of a node, as a passage of its own; none unless the node is a text.
    pub fn inside(&self, node: &Node) -> Option<Passage<'a>> {
        let text = node.text()?;
        let written = match (&self.written, self.letters(node)) {
            (Written::Within(span), _) => Written::Within(*span),
            (_, Some(bytes)) => Written::Each(bytes.into_iter().map(|byte| self.byte(byte)).collect()),
            (_, None) => Written::Within(Span {
                start: self.byte(node.span.start),
                end: self.byte(node.span.end),
            }),
        };
        Some(Passage {
            file: self.file,
            text: Cow::Owned(text.to_owned()),
            written,
        })
    }

    /// How a node is written.
    pub fn raw(&self, node: &Node) -> &str {
        self.text.get(node.span.start..node.span.end).unwrap_or_default()
    }

    /// For each byte of a node's text the byte of the passage at which it is written, and one more for the end; none
    /// where the way it is written cannot be followed (folded YAML, escapes that only YAML has).
    pub fn letters(&self, node: &Node) -> Option<Vec<usize>> {
        let (raw, text) = (self.raw(node), node.text()?);
        let within = match raw.as_bytes().first()? {
            b'"' => double_quoted(raw)?,
            b'\'' => single_quoted(raw)?,
            _ if raw == text => plain(raw),
            _ => {
                let before = self.text.get(..node.span.start)?;
                block(raw, before.chars().rev().take_while(|c| *c != '\n').count())?
            }
        };
        let read: String = within.iter().map(|(c, _)| *c).collect();
        let end = match raw.as_bytes().first()? {
            b'"' | b'\'' => raw.len().checked_sub(1)?,
            _ => raw.len(),
        };
        (read == text).then(|| {
            let each = within
                .iter()
                .flat_map(|(c, at)| std::iter::repeat_n(*at, c.len_utf8()));
            each.chain([end])
                .map(|at| node.span.start.saturating_add(at))
                .collect()
        })
    }

    fn byte(&self, byte: usize) -> usize {
        match &self.written {
            Written::From(start) => start.saturating_add(byte),
            Written::Each(bytes) => bytes.get(byte).or(bytes.last()).copied().unwrap_or(0),
            Written::Within(span) => span.start,
        }
    }
}

type Letters = Vec<(char, usize)>;

fn quoted(raw: &str, quote: char) -> Option<&str> {
    raw.strip_prefix(quote)?.strip_suffix(quote)
}

fn double_quoted(raw: &str) -> Option<Letters> {
    let letters = unescape(quoted(raw, '"')?).ok()?;
    Some(
        letters
            .into_iter()
            .map(|(c, at)| (c, at.saturating_add(1)))
            .collect(),
    )
}

/// YAML's other quotes, in which only the quote itself is written twice.
fn single_quoted(raw: &str) -> Option<Letters> {
    let mut letters = Letters::new();
    let mut chars = quoted(raw, '\'')?.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\'' {
            chars.next()?;
        }
        letters.push((c, at.saturating_add(1)));
    }
    Some(letters)
}

fn plain(raw: &str) -> Letters {
    raw.char_indices().map(|(at, c)| (c, at)).collect()
}

/// YAML's `|`: every line but the first still has its indentation.
fn block(raw: &str, indentation: usize) -> Option<Letters> {
    let mut letters = Letters::new();
    let mut at: usize = 0;
    for (i, line) in raw.split_inclusive('\n').enumerate() {
        let indented = if i == 0 || line.trim().is_empty() {
            0
        } else {
            indentation
        };
        let rest = line.get(indented..)?;
        if line.trim().is_empty() {
            letters.extend(line.ends_with('\n').then_some(('\n', at)));
        } else {
            letters.extend(
                rest.char_indices()
                    .map(|(i, c)| (c, at.saturating_add(indented).saturating_add(i))),
            );
        }
        at = at.saturating_add(line.len());
    }
    Some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::{json, yaml};

    fn shown(passage: &Passage<'_>, needle: &str) -> (usize, usize) {
        let place = passage.place(passage.text.find(needle).unwrap());
        (place.line, place.column)
    }

    #[test]
    fn what_stands_in_a_text_is_found_in_the_file() {
        let file = File::new("p.json", "\u{feff}{\n \"ä\": \"{\\\"x\\\": \\\"\\u0079\\\"}\"}");
        let whole = file.passage();
        let root = json::parse(&whole.text).unwrap();
        let inner = whole.inside(root.get("ä").unwrap()).unwrap();
        assert_eq!(inner.text, "{\"x\": \"y\"}");
        assert_eq!(shown(&inner, "\"x"), (2, 9));
        let tree = json::parse(&inner.text).unwrap();
        let edit = inner.edit(tree.get("x").unwrap().span, "true").unwrap();
        assert_eq!(&file.text[edit.start..edit.end], "\\\"\\u0079\\\"");
        assert_eq!(inner.edit(Span::default(), "\""), None);
    }

    #[test]
    fn yaml_is_followed_where_it_can_be() {
        let text =
            "a: '{\"it''s\": 1}'\nb: |\n    {\n\n      \"x\": 2\n    }\nc: >\n  {\"y\":\n  3}\nd: plain\n";
        let file = File::new("p.yaml", text);
        let whole = file.passage();
        let root = yaml::parse(&whole.text).unwrap();
        let inner = |key: &str| whole.inside(root.get(key).unwrap()).unwrap();
        assert_eq!(shown(&inner("a"), "1"), (1, 15));
        assert_eq!(shown(&inner("b"), "\"x\""), (5, 7));
        assert_eq!(shown(&inner("c"), "3"), (8, 3));
        assert_eq!(inner("c").edit(Span { start: 0, end: 1 }, "x"), None);
        assert_eq!(shown(&inner("d"), "ain"), (10, 6));
    }
}
