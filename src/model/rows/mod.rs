//! Rows of a table, whatever file they come in: CSV with a header, JSON (a list, an object with `rows`, rows one after the
//! other or one a line), Parquet; text may be packed with gzip or zstd. What it is, the first bytes tell, never a name.
//!
//! Rows are handed out one by one as they are read, and nothing is kept: memory is that of one row (of a row group's pages, for
//! Parquet). A cell is text as it was written, so that no number passes through floating point. What cannot be read is a
//! [`Fault`] with its place and hides no other row, as long as it is clear where the next one begins.
//!
//! Deliberately absent: which columns there must be, and opening files. Whoever reads a table knows the first, `ops` does the second.

mod ahead;
mod delimited;
mod json;
mod parquet_file;
mod unpack;

pub use self::ahead::read_ahead;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::diagnostic::Diagnostic;

/// Bytes of the longest row: 16 MiB. A row of a system table has a few kilobytes; what is longer is a quote or a bracket that
/// nobody closed.
pub const LONGEST_ROW: usize = 16 << 20;
/// Bytes that are looked at to tell what a file is.
const PROBE: usize = 8 << 10;

/// Where the bytes come from.
pub enum Input {
    /// A file that is open.
    File(File),
    /// Bytes that can be read once: standard input, a text.
    Stream(Box<dyn Read + Send>),
}

impl Input {
    /// A text or other bytes in memory.
    pub fn of(bytes: impl Into<Vec<u8>>) -> Input {
        Input::Stream(Box::new(io::Cursor::new(bytes.into())))
    }
}

/// A row and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Its line, from 1; in Parquet, which has no lines, its number.
    pub line: usize,
    /// Its address, where the line does not say all: `rows.3`, `3`.
    pub path: String,
    cells: Vec<(Arc<str>, Cell)>,
}

/// What a row says in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The text, without quotes; JSON of anything that is not text.
    pub text: String,
    /// What the text is.
    pub form: Form,
}

/// What the text of a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text; all that CSV has.
    Text,
    /// JSON as it was written: a number, true or false, a list, an object.
    Json,
}

impl Row {
    /// What it says in a column; none where that is missing, null or empty.
    pub fn cell(&self, column: &str) -> Option<&Cell> {
        let found = self.cells.iter().find(|(name, _)| **name == *column);
        found.map(|(_, cell)| cell)
    }

    /// The text of a column; none where that is missing, null or empty.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.cell(column).map(|cell| cell.text.as_str())
    }

    /// The columns in which it says something, in the order written.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|(name, _)| &**name)
    }

    /// The row as a JSON object on one line.
    pub fn json(&self) -> String {
        let member = |(name, cell): &(Arc<str>, Cell)| {
            let value = match cell.form {
                Form::Text => quoted(&cell.text),
                // A line break in JSON stands between its parts, never inside of one.
                Form::Json => cell.text.replace(['\n', '\r'], " "),
            };
            format!("{}:{value}", quoted(name))
        };
        let members: Vec<String> = self.cells.iter().map(member).collect();
        format!("{{{}}}", members.join(","))
    }

    fn put(&mut self, column: &Arc<str>, cell: Option<Cell>) {
        let Some(cell) = cell.filter(says_something) else {
            return;
        };
        match self.cells.iter_mut().find(|(name, _)| name == column) {
            // A key that is written twice says what it says last.
            Some((_, known)) => *known = cell,
            None => self.cells.push((Arc::clone(column), cell)),
        }
    }
}

/// Whether a cell is neither empty nor null.
fn says_something(cell: &Cell) -> bool {
    !matches!(cell.text.as_str(), "" | "null" | "NULL")
}

/// A text as JSON writes it.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind it is of.
    pub kind: FaultKind,
    /// Line from 1, or the number of the row; 0 where there is none.
    pub line: usize,
    /// Column from 1, 0 where unknown.
    pub column: usize,
    /// What was found and what was expected.
    pub message: String,
    /// The row's text, where it is one row that cannot be read.
    pub row: Option<String>,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing is there.
    Empty,
    /// Neither text nor anything else that is known.
    NotText,
    /// The file breaks off, is damaged, or grows beyond all measure when it is unpacked. What follows is not read.
    Damaged,
    /// Neither CSV nor JSON.
    Syntax,
    /// JSON, but no object where a row was expected.
    NotARow,
}

/// How the faults of one table are called.
#[derive(Debug, Clone, Copy)]
pub struct Codes {
    /// Nothing is there.
    pub empty: &'static str,
    /// Neither CSV nor JSON.
    pub syntax: &'static str,
    /// Something else than a row of this table.
    pub not_a_row: &'static str,
    /// `rows of usage`.
    pub what: &'static str,
    /// What to do: `expected ... as CSV with a header, ...`.
    pub forms: &'static str,
}

impl Fault {
    fn new(kind: FaultKind, line: usize, column: usize, message: impl Into<String>) -> Fault {
        Fault {
            kind,
            line,
            column,
            message: message.into(),
            row: None,
        }
    }

    /// What the system says of reading; an unpacker that meets nonsense says it in the same way.
    fn of_io(line: usize, error: &io::Error) -> Fault {
        let message = match error.kind() {
            io::ErrorKind::UnexpectedEof => "it breaks off".to_owned(),
            _ => error.to_string(),
        };
        Fault::new(FaultKind::Damaged, line, 0, message)
    }

    fn with_row(mut self, row: impl Into<String>) -> Fault {
        self.row = Some(row.into());
        self
    }

    /// The fault as it is told of a file.
    pub fn diagnostic(&self, source: &str, codes: &Codes) -> Diagnostic {
        let error = |code: &'static str| {
            Diagnostic::error(code, source, self.message.clone()).at(self.line, self.column)
        };
        match self.kind {
            FaultKind::Empty => {
                let message = format!("expected {}, found nothing", codes.what);
                Diagnostic::error(codes.empty, source, message).hint(codes.forms)
            }
            FaultKind::NotText => error("file::not-text").hint(codes.forms),
            FaultKind::Damaged => error("file::damaged")
                .hint("rows before this place are read, none after it; fetch the file again"),
            FaultKind::Syntax => error(codes.syntax),
            FaultKind::NotARow => error(codes.not_a_row).hint(codes.forms),
        }
    }
}

/// What is told of a table, in the order written.
#[derive(Debug)]
pub enum Told<'a> {
    /// The columns, once and first; JSON has no such list.
    Columns(&'a [Arc<str>]),
    /// A row.
    Row(Row),
    /// What cannot be read.
    Fault(Fault),
}

/// What a file turns out to be, where a reader wants JSON whole and not row by row.
pub enum Opened {
    /// JSON, unpacked, without a byte order mark.
    Json(Box<dyn Read + Send>),
    /// Anything else, from its first byte.
    Other(Input),
}

/// Looks at what a file is: text that begins with a bracket is JSON.
///
/// # Errors
/// Where it cannot be read, or is packed and damaged.
pub fn opened(input: Input) -> io::Result<Opened> {
    let (start, whole): (Vec<u8>, Box<dyn Read + Send>) = match input {
        Input::File(mut file) => {
            let start = probe(&mut file)?;
            file.rewind()?;
            if parquet_file::is_parquet(&start) {
                return Ok(Opened::Other(Input::File(file)));
            }
            (start, Box::new(file))
        }
        Input::Stream(mut stream) => {
            let start = probe(&mut stream)?;
            let whole = io::Cursor::new(start.clone()).chain(stream);
            (start, Box::new(whole))
        }
    };
    if parquet_file::is_parquet(&start) {
        return Ok(Opened::Other(Input::Stream(whole)));
    }
    let mut text = unpack::unpacked(&start, whole)?;
    let head = probe(&mut text)?;
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).to_vec();
    let solid = head.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_json = matches!(solid, Some(b'{' | b'['));
    let whole = Box::new(io::Cursor::new(head).chain(text));
    Ok(match is_json {
        true => Opened::Json(whole),
        false => Opened::Other(Input::Stream(whole)),
    })
}

/// Whoever takes what is told; breaks where nothing more is wanted.
pub type Taker<'t> = dyn FnMut(Told<'_>) -> ControlFlow<()> + 't;

/// Reads a table.
pub fn read(input: Input, take: &mut Taker<'_>) {
    // What was broken off is over: there is nobody to tell.
    let _ = told(input, take);
}

fn told(input: Input, take: &mut Taker<'_>) -> ControlFlow<()> {
    let opened = match input {
        Input::File(mut file) => match probe(&mut file).and_then(|start| file.rewind().map(|()| start)) {
            Ok(start) if parquet_file::is_parquet(&start) => return parquet_file::read(file, take),
            Ok(start) => unpack::unpacked(&start, Box::new(file)),
            Err(error) => Err(error),
        },
        Input::Stream(mut stream) => match probe(&mut stream) {
            Ok(start) if parquet_file::is_parquet(&start) => {
                return parquet_file::read_stream(start, stream, take);
            }
            Ok(start) => {
                let whole = io::Cursor::new(start.clone()).chain(stream);
                unpack::unpacked(&start, Box::new(whole))
            }
            Err(error) => Err(error),
        },
    };
    match opened {
        Ok(text) => text_rows(text, take),
        Err(error) => take(Told::Fault(Fault::of_io(0, &error))),
    }
}

/// The first bytes, as many as there are.
fn probe(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(PROBE);
    let limit = u64::try_from(PROBE).unwrap_or(u64::MAX);
    from.by_ref().take(limit).read_to_end(&mut start)?;
    Ok(start)
}

fn text_rows(mut text: Box<dyn Read + Send>, take: &mut Taker<'_>) -> ControlFlow<()> {
    let start = match probe(&mut text) {
        Ok(start) => start,
        Err(error) => return take(Told::Fault(Fault::of_io(0, &error))),
    };
    if parquet_file::is_parquet(&start) {
        let message = "a Parquet file that was packed once more; unpack it, its pages are packed already";
        return take(Told::Fault(Fault::new(FaultKind::NotText, 0, 0, message)));
    }
    if let Err(error) = std::str::from_utf8(&start)
        && error.error_len().is_some()
    {
        let message = format!(
            "expected UTF-8 text, gzip, zstd or Parquet, found other bytes at offset {}",
            error.valid_up_to()
        );
        return take(Told::Fault(Fault::new(FaultKind::NotText, 0, 0, message)));
    }
    let mut head = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).to_vec();
    let mut lines = 0_usize;
    loop {
        let blank = head.iter().take_while(|b| b.is_ascii_whitespace()).count();
        lines = lines.saturating_add(head.drain(..blank).filter(|b| *b == b'\n').count());
        if !head.is_empty() {
            break;
        }
        match probe(&mut text) {
            Ok(more) if more.is_empty() => {
                return take(Told::Fault(Fault::new(FaultKind::Empty, 0, 0, "nothing")));
            }
            Ok(more) => head = more,
            Err(error) => return take(Told::Fault(Fault::of_io(lines, &error))),
        }
    }
    let is_json = matches!(head.first(), Some(b'{' | b'['));
    let rest = Box::new(io::Cursor::new(head).chain(text));
    if is_json {
        json::read(rest, lines, take)
    } else {
        delimited::read(rest, lines, take)
    }
}

#[cfg(test)]
mod tests;
