//! JSON, strictly read: no comment, no trailing comma. A key given twice stays twice.

use serde_json::Number;

use super::{Content, Member, Node, Span};

/// Why a text is no JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Byte of the text.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to do, where that is clear.
    pub hint: Option<&'static str>,
    /// Nested too deeply, which is no fault of the syntax.
    pub depth: bool,
}

/// Deepest nesting accepted.
const MAX_DEPTH: usize = 64;

/// Reads a text.
///
/// # Errors
/// The first fault.
pub fn parse(text: &str) -> Result<Node, Fault> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    let node = reader.value()?;
    reader.blank();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.unexpected("the end", None)),
    }
}

/// The characters of what stands between two quotes, each with the byte at which it is written.
///
/// # Errors
/// The byte of what is no escape.
pub fn unescape(raw: &str) -> Result<Vec<(char, usize)>, usize> {
    let mut out = Vec::with_capacity(raw.len());
    let mut chars = raw.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            out.push((c, at));
            continue;
        }
        let decoded = match chars.next().map(|(_, escaped)| escaped) {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some(same @ ('"' | '\\' | '/')) => same,
            Some('u') => unicode(&mut chars).ok_or(at)?,
            _ => return Err(at),
        };
        out.push((decoded, at));
    }
    Ok(out)
}

/// `0041` after `\u`, and the second half of a pair where there is one.
fn unicode(chars: &mut std::str::CharIndices<'_>) -> Option<char> {
    let mut unit = || -> Option<u32> {
        let digits: String = (0..4).map_while(|_| chars.next()).map(|(_, c)| c).collect();
        (digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .then(|| u32::from_str_radix(&digits, 16).ok())?
    };
    let first = unit()?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first);
    }
    (chars.next()?.1 == '\\' && chars.next()?.1 == 'u').then_some(())?;
    let mut unit = || -> Option<u32> {
        let digits: String = (0..4).map_while(|_| chars.next()).map(|(_, c)| c).collect();
        u32::from_str_radix(&digits, 16).ok()
    };
    let second = unit()?;
    char::decode_utf16([u16::try_from(first).ok()?, u16::try_from(second).ok()?])
        .next()?
        .ok()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.step();
        }
    }

    fn fault(&self, message: String, hint: Option<&'static str>) -> Fault {
        Fault {
            at: self.at,
            message,
            hint,
            depth: false,
        }
    }

    fn unexpected(&self, wanted: &str, hint: Option<&'static str>) -> Fault {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let found = match rest.chars().next() {
            None => "the end".to_owned(),
            Some(c) if c.is_control() => "a control character".to_owned(),
            Some(c) => format!("`{c}`"),
        };
        let hint = hint.or(match rest.as_bytes() {
            [b'/', b'/' | b'*', ..] | [b'#', ..] => Some("JSON has no comments"),
            [b'\'', ..] => Some("JSON quotes text with `\"`"),
            _ => None,
        });
        self.fault(format!("expected {wanted}, found {found}"), hint)
    }

    fn value(&mut self) -> Result<Node, Fault> {
        self.blank();
        let start = self.at;
        let content = match self.peek() {
            Some(b'{') => self.inside(Self::object)?,
            Some(b'[') => self.inside(Self::list)?,
            Some(b'"') => Content::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Content::Number(self.number()?),
            _ => self.word()?,
        };
        let span = Span { start, end: self.at };
        Ok(Node { span, content })
    }

    fn inside(&mut self, read: fn(&mut Self) -> Result<Content, Fault>) -> Result<Content, Fault> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(Fault {
                depth: true,
                ..self.fault(message, None)
            });
        }
        self.step();
        let content = read(self)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(content)
    }

    fn object(&mut self) -> Result<Content, Fault> {
        let mut members = Vec::new();
        self.blank();
        while self.peek() != Some(b'}') {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a key in quotes", None));
            }
            let key = self.value()?;
            self.blank();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("`:`", None));
            }
            self.step();
            let value = self.value()?;
            members.push(Member { key, value });
            if !self.comma(b'}')? {
                break;
            }
        }
        self.step();
        Ok(Content::Object(members))
    }

    fn list(&mut self) -> Result<Content, Fault> {
        let mut entries = Vec::new();
        self.blank();
        while self.peek() != Some(b']') {
            entries.push(self.value()?);
            if !self.comma(b']')? {
                break;
            }
        }
        self.step();
        Ok(Content::List(entries))
    }

    /// Past a comma, or up to the closing bracket; whether more must follow.
    fn comma(&mut self, closing: u8) -> Result<bool, Fault> {
        self.blank();
        if self.peek() == Some(closing) {
            return Ok(false);
        }
        if self.peek() != Some(b',') {
            let wanted = format!("`,` or `{}`", char::from(closing));
            return Err(self.unexpected(&wanted, None));
        }
        let comma = self.at;
        self.step();
        self.blank();
        if self.peek() == Some(closing) {
            let message = format!("a comma before `{}`", char::from(closing));
            return Err(Fault {
                at: comma,
                ..self.fault(
                    message,
                    Some("remove the comma: JSON has none after the last one"),
                )
            });
        }
        Ok(true)
    }

    fn string(&mut self) -> Result<String, Fault> {
        let opening = self.at;
        self.step();
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.step();
                    self.step();
                }
                Some(0..0x20) => {
                    let hint = Some("write a line break in a text as `\\n`");
                    return Err(self.fault("a control character in a text".to_owned(), hint));
                }
                Some(_) => self.step(),
                None => {
                    self.at = opening;
                    return Err(self.fault("a text that is not closed".to_owned(), None));
                }
            }
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        match unescape(raw) {
            Ok(chars) => {
                self.step();
                Ok(chars.into_iter().map(|(c, _)| c).collect())
            }
            Err(at) => {
                self.at = start.saturating_add(at);
                let hint = Some("a backslash in a text is written `\\\\`");
                Err(self.fault("not an escape of JSON".to_owned(), hint))
            }
        }
    }

    fn number(&mut self) -> Result<String, Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.step();
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if serde_json::from_str::<Number>(text).is_ok() {
            return Ok(text.to_owned());
        }
        let message = format!("`{text}` is not a number");
        self.at = start;
        Err(self.fault(message, None))
    }

    fn word(&mut self) -> Result<Content, Fault> {
        let words = [
            ("true", Content::Boolean(true)),
            ("false", Content::Boolean(false)),
            ("null", Content::Null),
        ];
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, content) in words {
            if rest.starts_with(word) {
                self.at = self.at.saturating_add(word.len());
                return Ok(content);
            }
        }
        Err(self.unexpected("a value", None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_serde_json_reads_is_read_alike() {
        for text in [
            "{}",
            "[]",
            " [1, -2.5e3, true, false, null, \"a\\n\\u00e9\\ud83d\\ude00/\\/\"] ",
            "{\"a\": {\"b\": []}, \"ä\": 0}",
            "\"x\"",
        ] {
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(parse(text).unwrap().value(), expected, "{text}");
        }
        let twice = parse("{\"a\": 1, \"a\": 2}").unwrap();
        assert_eq!((twice.members().len(), twice.value()), (2, json!({"a": 2})));
    }

    #[test]
    fn spans_hold_the_whole_value() {
        let text = "{\"ä\": [1, \"x\"]}";
        let root = parse(text).unwrap();
        let node = root.at("/ä/1").unwrap();
        assert_eq!(&text[node.span.start..node.span.end], "\"x\"");
        assert_eq!(root.member("ä").unwrap().key.span, Span { start: 1, end: 5 });
        assert_eq!(root.at("/ä/2"), None);
    }

    #[test]
    fn what_is_no_json_is_named_with_its_place() {
        let fault = |text: &str| {
            let fault = parse(text).unwrap_err();
            (fault.at, fault.message)
        };
        assert_eq!(fault("{\"a\": 1,}"), (7, "a comma before `}`".to_owned()));
        assert_eq!(fault("[1,\n]").0, 2);
        assert_eq!(
            fault("{a: 1}"),
            (1, "expected a key in quotes, found `a`".to_owned())
        );
        assert_eq!(fault("[1 2]"), (3, "expected `,` or `]`, found `2`".to_owned()));
        assert_eq!(fault("{\"a\"").1, "expected `:`, found the end");
        assert_eq!(fault("\"a\\d\""), (2, "not an escape of JSON".to_owned()));
        assert_eq!(fault("\"a").0, 0);
        assert_eq!(fault("\"a\nb\"").0, 2);
        assert_eq!(fault("01"), (0, "`01` is not a number".to_owned()));
        assert_eq!(fault("{} x").1, "expected the end, found `x`");
        assert_eq!(fault("").1, "expected a value, found the end");
        assert_eq!(fault("\"\\ud800x\"").0, 1);
        assert!(parse(&"[".repeat(100_000)).unwrap_err().depth);
    }
}
