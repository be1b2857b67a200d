//! A JSON text as a flat tape of nodes that point into it.
//!
//! A review is read once by an instance that lives for microseconds, and only a few of its values are looked at. So
//! parsing makes one allocation, copies no text, decodes no escape and converts no number: a number stays the text
//! that it is, which also keeps it exact. `serde_json` would build a tree of small allocations and turn fractions into
//! floating point.

use std::borrow::Cow;

use crate::Decimal;
use crate::decimal;

/// Objects and lists nest at most this deep.
const DEPTH_MAX: usize = 128;

/// A parsed JSON text.
pub struct Document<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Null,
    Bool,
    Number,
    Text,
    TextWithEscapes,
    List,
    Map,
}

/// The members of a map follow it as alternating keys and values; the items of a list follow it.
#[derive(Clone, Copy)]
struct Node {
    kind: Kind,
    /// Where the value starts in the text; a string starts after its quote.
    start: u32,
    /// Where the value ends, exclusive; a string ends before its quote.
    end: u32,
    /// Index of the first node that is not part of this value.
    next: u32,
}

impl<'a> Document<'a> {
    /// Parses a JSON text.
    ///
    /// # Errors
    /// The text is not JSON, nests deeper than 128, or is longer than 4 GiB.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        if u32::try_from(text.len()).is_err() {
            return Err("longer than 4 GiB".into());
        }
        // A cluster request has about one node for every eight bytes; more only costs a second allocation.
        let nodes = Vec::with_capacity(text.len() / 8 + 4);
        let mut parser = Parser {
            text: text.as_bytes(),
            at: 0,
            nodes,
        };
        match parser.document() {
            Some(()) => Ok(Document {
                text,
                nodes: parser.nodes,
            }),
            None => Err(format!("not JSON at byte {}", parser.at)),
        }
    }

    /// The outermost value.
    pub fn root(&self) -> Value<'_> {
        Value {
            document: self,
            index: 0,
        }
    }

    fn node(&self, index: u32) -> Node {
        // An index always comes from the tape itself; the fallback only keeps the guest free of panics.
        let none = Node {
            kind: Kind::Null,
            start: 0,
            end: 0,
            next: index.saturating_add(1),
        };
        self.nodes.get(index as usize).copied().unwrap_or(none)
    }

    fn slice(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// A value within a document; as cheap to copy as a reference.
#[derive(Clone, Copy)]
pub struct Value<'d> {
    document: &'d Document<'d>,
    index: u32,
}

impl<'d> Value<'d> {
    fn node(self) -> Node {
        self.document.node(self.index)
    }

    /// The JSON text of this value, as it was written.
    pub fn json(self) -> &'d str {
        let node = self.node();
        match node.kind {
            Kind::Text | Kind::TextWithEscapes => self
                .document
                .slice(node.start.saturating_sub(1), node.end.saturating_add(1)),
            _ => self.document.slice(node.start, node.end),
        }
    }

    /// Whether this is JSON `null`.
    pub fn is_null(self) -> bool {
        self.node().kind == Kind::Null
    }

    /// Whether this is an object.
    pub fn is_map(self) -> bool {
        self.node().kind == Kind::Map
    }

    /// Whether this is a list.
    pub fn is_list(self) -> bool {
        self.node().kind == Kind::List
    }

    /// The text of a JSON string.
    pub fn text(self) -> Option<Cow<'d, str>> {
        let node = self.node();
        let raw = self.document.slice(node.start, node.end);
        match node.kind {
            Kind::Text => Some(Cow::Borrowed(raw)),
            Kind::TextWithEscapes => Some(Cow::Owned(unescape(raw))),
            _ => None,
        }
    }

    /// The boolean.
    pub fn boolean(self) -> Option<bool> {
        (self.node().kind == Kind::Bool).then(|| self.json() == "true")
    }

    /// The number, if it is a whole one within 64 bits; `3.0` and `3e0` are whole.
    pub fn integer(self) -> Option<i64> {
        let number = self.number()?;
        number.parse().ok().or_else(|| {
            let decimal = decimal::parse(number).filter(Decimal::is_integer)?;
            i64::try_from(decimal).ok()
        })
    }

    /// The number, exact.
    pub fn decimal(self) -> Option<Decimal> {
        decimal::parse(self.number()?)
    }

    /// The decimal that a JSON string holds, as money and DBU cross the contract.
    pub fn decimal_text(self) -> Option<Decimal> {
        decimal::parse(&self.text()?)
    }

    fn number(self) -> Option<&'d str> {
        (self.node().kind == Kind::Number).then(|| self.json())
    }

    /// The member of an object, or the item of a list if the segment is a number.
    pub fn child(self, segment: &str) -> Option<Value<'d>> {
        match self.node().kind {
            Kind::Map => self.get(segment),
            Kind::List => self.items().nth(segment.parse().ok()?),
            _ => None,
        }
    }

    /// The member of an object.
    pub fn get(self, key: &str) -> Option<Value<'d>> {
        self.members_with_key_nodes()
            .find(|(found, _)| match found.node().kind {
                Kind::Text => found.document.slice(found.node().start, found.node().end) == key,
                _ => found.text().is_some_and(|found| found == key),
            })
            .map(|(_, value)| value)
    }

    /// The members of an object in their order; nothing if this is no object.
    pub fn members(self) -> impl Iterator<Item = (Cow<'d, str>, Value<'d>)> {
        self.members_with_key_nodes()
            .map(|(key, value)| (key.text().unwrap_or_default(), value))
    }

    fn members_with_key_nodes(self) -> impl Iterator<Item = (Value<'d>, Value<'d>)> {
        let mut children = self.children(Kind::Map);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The items of a list; nothing if this is no list.
    pub fn items(self) -> impl Iterator<Item = Value<'d>> {
        self.children(Kind::List)
    }

    fn children(self, kind: Kind) -> impl Iterator<Item = Value<'d>> {
        let node = self.node();
        let mut index = self.index.saturating_add(1);
        let end = if node.kind == kind { node.next } else { index };
        std::iter::from_fn(move || {
            let child = (index < end).then_some(Value {
                document: self.document,
                index,
            })?;
            index = child.node().next;
            Some(child)
        })
    }
}

/// Resolves the escapes of a string that the parser found well-formed. Half a surrogate pair becomes U+FFFD.
fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        if !plain.is_empty() {
            flush(&mut units, &mut out);
            out.push_str(plain);
        }
        let mut after = escape.chars();
        match after.next() {
            Some('u') => {
                let (digits, tail) = escape.get(1..5).zip(escape.get(5..)).unwrap_or_default();
                units.push(u16::from_str_radix(digits, 16).unwrap_or(0xFFFD));
                rest = tail;
                continue;
            }
            other => {
                flush(&mut units, &mut out);
                out.push(match other {
                    Some('b') => '\u{8}',
                    Some('f') => '\u{c}',
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    other => other.unwrap_or('\\'),
                });
            }
        }
        rest = after.as_str();
    }
    flush(&mut units, &mut out);
    out.push_str(rest);
    out
}

fn flush(units: &mut Vec<u16>, out: &mut String) {
    out.extend(char::decode_utf16(units.drain(..)).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

/// Reads forward; `None` means that the text is not JSON at `at`.
struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
}

impl Parser<'_> {
    fn document(&mut self) -> Option<()> {
        self.value(0)?;
        self.skip_blanks();
        (self.at == self.text.len()).then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node {
            kind,
            start: start as u32,
            end: end as u32,
            next,
        });
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        self.skip_blanks();
        match self.peek()? {
            b'"' => self.string(),
            b'{' => self.nested(Kind::Map, b'}', depth),
            b'[' => self.nested(Kind::List, b']', depth),
            b't' => self.word(b"true", Kind::Bool),
            b'f' => self.word(b"false", Kind::Bool),
            b'n' => self.word(b"null", Kind::Null),
            _ => self.number(),
        }
    }

    fn nested(&mut self, kind: Kind, close: u8, depth: usize) -> Option<()> {
        if depth == DEPTH_MAX {
            return None;
        }
        let (index, start) = (self.nodes.len(), self.at);
        self.push(kind, start, start);
        self.at += 1;
        self.skip_blanks();
        if self.peek()? != close {
            loop {
                if kind == Kind::Map {
                    self.skip_blanks();
                    self.string()?;
                    self.skip_blanks();
                    self.take(b':')?;
                }
                self.value(depth + 1)?;
                self.skip_blanks();
                if self.take(b',').is_none() {
                    break;
                }
            }
        }
        self.take(close)?;
        let (end, next) = (self.at as u32, self.nodes.len() as u32);
        let node = self.nodes.get_mut(index)?;
        (node.end, node.next) = (end, next);
        Some(())
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Option<()> {
        let start = self.at;
        self.text.get(start..)?.starts_with(word).then(|| {
            self.at += word.len();
            self.push(kind, start, start + word.len());
        })
    }

    fn string(&mut self) -> Option<()> {
        self.take(b'"')?;
        let start = self.at;
        let mut kind = Kind::Text;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    kind = Kind::TextWithEscapes;
                    self.at += 1;
                    self.escape()?;
                }
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
        self.push(kind, start, self.at);
        self.at += 1;
        Some(())
    }

    fn escape(&mut self) -> Option<()> {
        match self.peek()? {
            b'u' => {
                let digits = self.text.get(self.at + 1..self.at + 5)?;
                digits.iter().all(u8::is_ascii_hexdigit).then(|| self.at += 5)
            }
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.at += 1;
                Some(())
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        let _ = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if self.take(b'-').is_none() {
                let _ = self.take(b'+');
            }
            self.digits()?;
        }
        self.push(Kind::Number, start, self.at);
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::Document;

    #[test]
    fn agrees_with_serde_json_on_what_is_json() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        let texts = [
            "",
            " ",
            "{}",
            "[]",
            "[1,]",
            "[,1]",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "nul",
            "null",
            "true",
            "truex",
            "01",
            "-0",
            "-",
            "1.",
            ".5",
            "1.5e",
            "1e+5",
            "1E-5",
            "--1",
            "+1",
            "\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u00e9\"",
            "\"a\tb\"",
            "[1 2]",
            "{} {}",
            " [ 1 , { \"a\" : [ ] } ] ",
            "\"é\"",
            "{\"a\":{\"b\":[null]}}",
            "[[]",
            "]",
            "{\"a\":}",
            "\u{a0}1",
            "NaN",
            &deep(100),
            &deep(1000),
        ];
        for text in texts {
            let theirs = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(Document::parse(text).is_ok(), theirs, "{text:?}");
        }
    }

    #[test]
    fn strings_read_as_serde_json_reads_them() {
        for text in [
            r#""a\n\"\\\/\b\f\r\tz""#,
            r#""\u00e9\ud83d\ude00x""#,
            r#""\u0041\u0042""#,
            "\"é\"",
            "\"\"",
        ] {
            let document = Document::parse(text).unwrap();
            let theirs: String = serde_json::from_str(text).unwrap();
            assert_eq!(document.root().text().unwrap(), theirs);
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        let document = Document::parse(r#""\ud83dx""#).unwrap();
        assert_eq!(document.root().text().unwrap(), "\u{fffd}x");
    }

    #[test]
    fn members_and_items_are_found_across_nested_values() {
        let document = Document::parse(r#"{"a":{"x":[1,{"y":2}]},"b\u0063":[10,[20],30.0]}"#).unwrap();
        let root = document.root();
        let list = root.get("bc").unwrap();
        assert_eq!(list.items().count(), 3);
        assert_eq!(list.child("2").unwrap().integer(), Some(30));
        assert_eq!(list.child("3").map(|value| value.json()), None);
        assert_eq!(root.get("a").unwrap().json(), r#"{"x":[1,{"y":2}]}"#);
        assert_eq!(
            root.members()
                .map(|(key, _)| key.into_owned())
                .collect::<Vec<_>>(),
            ["a", "bc"]
        );
        assert_eq!(root.get("x").map(|value| value.json()), None);
    }

    #[test]
    fn numbers_are_exact() {
        let document = Document::parse("[0.1, 1e2, 9223372036854775808, 1.5, -1.0]").unwrap();
        let numbers: Vec<_> = document.root().items().collect();
        assert_eq!(numbers[0].decimal().unwrap().to_string(), "0.1");
        let integers: Vec<_> = numbers.iter().map(|number| number.integer()).collect();
        assert_eq!(integers, [None, Some(100), None, None, Some(-1)]);
    }
}
