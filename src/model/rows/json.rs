//! JSON: a list of rows, an object with `rows`, rows one after the other or one a line. Lists are not kept: each row is handed
//! out when it ends.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::{Cell, Fault, FaultKind, Form, LONGEST_ROW, Row, Taker, Told};
use crate::model::diagnostic::json_message;

/// Deepest nesting, as serde_json has it.
const DEEPEST: usize = 128;
/// Bytes that are read at once.
const BLOCK: usize = 64 << 10;
/// Names of columns that are shared by rows; a table with more has some other fault.
const SHARED_NAMES: usize = 4_096;

/// Reads the rows of a text of which some lines are read already.
pub(super) fn read(text: Box<dyn Read + Send>, lines: usize, take: &mut Taker<'_>) -> ControlFlow<()> {
    let mut text = BufReader::with_capacity(BLOCK, text);
    let mut names = Names::default();
    let first = match line(&mut text) {
        Ok(first) => first.unwrap_or_default(),
        Err(error) => return take(Told::Fault(Fault::of_io(lines, &error))),
    };
    if first.ends_with(b"\n") && first.starts_with(b"{") && is_whole(&first) {
        return line_by_line(first, text, lines, &mut names, take);
    }
    let mut scanner = Scanner::new(&mut names, Box::new(io::Cursor::new(first).chain(text)), lines);
    loop {
        match scanner.document(take) {
            Ok(true) => {}
            Ok(false) => return ControlFlow::Continue(()),
            Err(stop) => return stop.told(take),
        }
    }
}

/// The first line is a row of its own, so each other one is: a broken one hides none.
fn line_by_line(
    first: Vec<u8>,
    mut text: BufReader<Box<dyn Read + Send>>,
    lines: usize,
    names: &mut Names,
    take: &mut Taker<'_>,
) -> ControlFlow<()> {
    let (mut next, mut before) = (Some(first), lines);
    while let Some(bytes) = next {
        if bytes.len() > LONGEST_ROW {
            return Stop::from(too_long(before.saturating_add(1))).told(take);
        }
        let mut scanner = Scanner::new(names, Box::new(io::empty()), before);
        scanner.block = bytes;
        let read = scanner.document(take).and_then(|_| match scanner.document(take) {
            Ok(false) => Ok(()),
            Ok(true) => Err(scanner.wrong("trailing characters")),
            Err(stop) => Err(stop),
        });
        match read {
            Ok(()) => {}
            Err(Stop::Taker) => return ControlFlow::Break(()),
            Err(Stop::Fault(fault)) => {
                let text = String::from_utf8_lossy(&scanner.block).trim_end().to_owned();
                take(Told::Fault(fault.with_row(text)))?;
            }
        }
        before = before.saturating_add(1);
        next = match line(&mut text) {
            Ok(next) => next,
            Err(error) => return take(Told::Fault(Fault::of_io(before.saturating_add(1), &error))),
        };
    }
    ControlFlow::Continue(())
}

/// The next line with its end; none at the end of the text. It is cut off where it is longer than a row may be.
fn line(text: &mut BufReader<Box<dyn Read + Send>>) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(LONGEST_ROW).unwrap_or(u64::MAX).saturating_add(1);
    text.take(limit).read_until(b'\n', &mut bytes)?;
    Ok((!bytes.is_empty()).then_some(bytes))
}

fn is_whole(line: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(line).is_ok()
}

fn too_long(line: usize) -> Fault {
    let message = format!(
        "a row of more than {} MiB; is a bracket not closed?",
        LONGEST_ROW >> 20
    );
    Fault::new(FaultKind::Damaged, line, 0, message)
}

/// Why reading ends before the text does.
enum Stop {
    /// Nothing more is wanted.
    Taker,
    /// It is no longer clear where the next row begins.
    Fault(Fault),
}

impl Stop {
    fn told(self, take: &mut Taker<'_>) -> ControlFlow<()> {
        match self {
            Stop::Taker => ControlFlow::Break(()),
            Stop::Fault(fault) => take(Told::Fault(fault)),
        }
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

/// Names of columns, each once.
#[derive(Default)]
struct Names(HashMap<String, Arc<str>>);

impl Names {
    fn shared(&mut self, name: String) -> Arc<str> {
        if let Some(known) = self.0.get(&name) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = Arc::from(name.as_str());
        if self.0.len() < SHARED_NAMES {
            self.0.insert(name, Arc::clone(&shared));
        }
        shared
    }
}

/// Walks through a text byte by byte and cuts it into members of rows.
struct Scanner<'n> {
    names: &'n mut Names,
    text: Box<dyn Read + Send>,
    block: Vec<u8>,
    /// Of the block the next byte.
    at: usize,
    line: usize,
    column: usize,
    depth: usize,
}

impl Scanner<'_> {
    fn new(names: &mut Names, text: Box<dyn Read + Send>, lines: usize) -> Scanner<'_> {
        Scanner {
            names,
            text,
            block: Vec::new(),
            at: 0,
            line: lines.saturating_add(1),
            column: 1,
            depth: 0,
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, Stop> {
        if let Some(byte) = self.block.get(self.at) {
            return Ok(Some(*byte));
        }
        let mut more = vec![0; BLOCK];
        loop {
            match self.text.read(&mut more) {
                Ok(0) => return Ok(None),
                Ok(n) => {
                    more.truncate(n);
                    (self.block, self.at) = (more, 0);
                    return Ok(self.block.first().copied());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::of_io(self.line, &error).into()),
            }
        }
    }

    fn step(&mut self) -> Result<Option<u8>, Stop> {
        let byte = self.peek()?;
        self.at = self.at.saturating_add(usize::from(byte.is_some()));
        match byte {
            Some(b'\n') => (self.line, self.column) = (self.line.saturating_add(1), 1),
            Some(_) => self.column = self.column.saturating_add(1),
            None => {}
        }
        Ok(byte)
    }

    /// The next byte that is no space.
    fn solid(&mut self) -> Result<Option<u8>, Stop> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.step()?;
        }
        Ok(None)
    }

    fn wrong(&self, message: &str) -> Stop {
        Fault::new(FaultKind::Syntax, self.line, self.column, message).into()
    }

    fn deeper(&mut self) -> Result<(), Stop> {
        self.depth = self.depth.saturating_add(1);
        match self.depth > DEEPEST {
            true => Err(self.wrong("nested deeper than 128 levels")),
            false => Ok(()),
        }
    }

    /// Whether there was another document.
    fn document(&mut self, take: &mut Taker<'_>) -> Result<bool, Stop> {
        if self.solid()?.is_none() {
            return Ok(false);
        }
        self.value(take, String::new).map(|()| true)
    }

    /// A list of rows, an object that holds one, or a row.
    fn value(&mut self, take: &mut Taker<'_>, path: impl Fn() -> String) -> Result<(), Stop> {
        match self.solid()? {
            Some(b'[') => self.list(take, &path()),
            Some(b'{') => self.object(take, path),
            _ => {
                let (line, column) = (self.line, self.column);
                let mut raw = Vec::new();
                self.raw(&mut raw)?;
                let fault = match serde_json::from_slice::<&RawValue>(&raw) {
                    Ok(_) => Fault::new(FaultKind::NotARow, line, 0, "found no object"),
                    Err(error) => {
                        return Err(Fault::new(FaultKind::Syntax, line, column, json_message(&error)).into());
                    }
                };
                tell(take, Told::Fault(fault))
            }
        }
    }

    fn list(&mut self, take: &mut Taker<'_>, path: &str) -> Result<(), Stop> {
        self.step()?;
        self.deeper()?;
        let mut n = 0_usize;
        if self.solid()? == Some(b']') {
            self.step()?;
        } else {
            loop {
                self.value(take, || match path {
                    "" => n.to_string(),
                    path => format!("{path}.{n}"),
                })?;
                n = n.saturating_add(1);
                match self.solid()? {
                    Some(b',') => self.step()?,
                    Some(b']') => break,
                    Some(_) => return Err(self.wrong("expected `,` or `]`")),
                    None => return Err(self.wrong("EOF while parsing a list")),
                };
            }
            self.step()?;
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn object(&mut self, take: &mut Taker<'_>, path: impl Fn() -> String) -> Result<(), Stop> {
        let mut row = Row {
            line: self.line,
            ..Row::default()
        };
        self.step()?;
        self.deeper()?;
        let (mut fault, mut holds_rows, mut size) = (None, false, 0_usize);
        if self.solid()? == Some(b'}') {
            self.step()?;
        } else {
            loop {
                let name = self.key()?;
                let value = self.solid()?;
                if name == "rows" && value == Some(b'[') {
                    holds_rows = true;
                    let path = path();
                    let below = if path.is_empty() {
                        name
                    } else {
                        format!("{path}.{name}")
                    };
                    self.list(take, &below)?;
                } else {
                    let (line, column) = (self.line, self.column);
                    let mut raw = Vec::new();
                    self.raw(&mut raw)?;
                    size = size.saturating_add(raw.len());
                    if size > LONGEST_ROW {
                        return Err(too_long(row.line).into());
                    }
                    match cell(raw) {
                        Ok(cell) => row.put(&self.names.shared(name), cell),
                        Err(error) => {
                            fault.get_or_insert(Fault::new(FaultKind::Syntax, line, column, error));
                        }
                    }
                }
                match self.solid()? {
                    Some(b',') => self.step()?,
                    Some(b'}') => break,
                    Some(_) => return Err(self.wrong("expected `,` or `}`")),
                    None => return Err(self.wrong("EOF while parsing an object")),
                };
            }
            self.step()?;
        }
        self.depth = self.depth.saturating_sub(1);
        match fault {
            Some(fault) => {
                let text = row.json();
                tell(take, Told::Fault(fault.with_row(text)))
            }
            None if holds_rows => Ok(()),
            None => {
                row.path = path();
                tell(take, Told::Row(row))
            }
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<String, Stop> {
        if self.solid()? != Some(b'"') {
            return Err(self.wrong("key must be a string"));
        }
        let mut raw = Vec::new();
        self.raw(&mut raw)?;
        let name = serde_json::from_slice(&raw).map_err(|error| self.wrong(&json_message(&error)))?;
        match self.solid()? {
            Some(b':') => self.step()?,
            _ => return Err(self.wrong("expected `:`")),
        };
        Ok(name)
    }

    /// The text of the next value, up to where it ends or its brackets do not match.
    fn raw(&mut self, raw: &mut Vec<u8>) -> Result<(), Stop> {
        let (line, mut open) = (self.line, Vec::new());
        loop {
            let Some(byte) = self.peek()? else {
                return match open.is_empty() && !raw.is_empty() {
                    true => Ok(()),
                    false => Err(self.wrong("EOF while parsing a value")),
                };
            };
            match byte {
                b'"' => self.string(raw)?,
                b'[' | b'{' => {
                    open.push(byte);
                    if open.len().saturating_add(self.depth) > DEEPEST {
                        return Err(self.wrong("nested deeper than 128 levels"));
                    }
                    self.keep(raw)?;
                }
                b']' | b'}' | b',' if open.is_empty() => {
                    return match raw.is_empty() {
                        true => Err(self.wrong("expected value")),
                        false => Ok(()),
                    };
                }
                b']' | b'}' => {
                    let opened = if byte == b']' { b'[' } else { b'{' };
                    if open.pop() != Some(opened) {
                        return Err(self.wrong("a bracket that closes another one than was opened"));
                    }
                    self.keep(raw)?;
                }
                _ if open.is_empty() && byte.is_ascii_whitespace() => return Ok(()),
                _ => self.keep(raw)?,
            }
            if raw.len() > LONGEST_ROW {
                return Err(too_long(line).into());
            }
            // A list, an object or a text ends with its last byte.
            if open.is_empty() && matches!(raw.last(), Some(b']' | b'}' | b'"')) {
                return Ok(());
            }
        }
    }

    fn keep(&mut self, raw: &mut Vec<u8>) -> Result<(), Stop> {
        raw.extend(self.step()?);
        Ok(())
    }

    /// A text with its quotes.
    fn string(&mut self, raw: &mut Vec<u8>) -> Result<(), Stop> {
        let line = self.line;
        self.keep(raw)?;
        loop {
            match self.step()? {
                Some(b'\\') => {
                    raw.push(b'\\');
                    self.keep(raw)?;
                }
                Some(byte) => {
                    raw.push(byte);
                    if byte == b'"' {
                        return Ok(());
                    }
                }
                None => return Err(self.wrong("EOF while parsing a string")),
            }
            if raw.len() > LONGEST_ROW {
                return Err(too_long(line).into());
            }
        }
    }
}

fn tell(take: &mut Taker<'_>, told: Told<'_>) -> Result<(), Stop> {
    match take(told) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Stop::Taker),
    }
}

/// The cell of a value, none for null; or what is wrong with it.
fn cell(raw: Vec<u8>) -> Result<Option<Cell>, String> {
    let wrong = |error: serde_json::Error| json_message(&error);
    if raw.first() == Some(&b'"') {
        let text = serde_json::from_slice(&raw).map_err(wrong)?;
        let form = Form::Text;
        return Ok(Some(Cell { text, form }));
    }
    serde_json::from_slice::<&RawValue>(&raw).map_err(wrong)?;
    let text = String::from_utf8(raw).map_err(|_| "expected UTF-8 text".to_owned())?;
    let form = Form::Json;
    Ok((text != "null").then_some(Cell { text, form }))
}
