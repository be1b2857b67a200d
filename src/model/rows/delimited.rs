//! CSV with a header.

use std::cell::Cell as Counter;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use super::{Cell, Fault, FaultKind, Form, LONGEST_ROW, Row, Taker, Told, says_something};

/// Reads the rows of a text of which some lines are read already.
pub(super) fn read(text: Box<dyn Read + Send>, lines: usize, take: &mut Taker<'_>) -> ControlFlow<()> {
    let since_row = Rc::new(Counter::new(0_usize));
    let limited = Limited {
        text,
        since_row: Rc::clone(&since_row),
    };
    // Rows of another length are told with what they say.
    let mut csv = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_reader(limited);
    let mut record = csv::StringRecord::new();
    let mut header: Option<Header> = None;
    loop {
        since_row.set(0);
        let read = csv.read_record(&mut record);
        let at = record.position().map(csv::Position::line);
        match read {
            Ok(false) => return ControlFlow::Continue(()),
            Ok(true) => {
                let line = placed(at, lines);
                match &header {
                    None => {
                        let columns: Vec<Arc<str>> =
                            record.iter().map(|name| Arc::from(name.trim())).collect();
                        take(Told::Columns(&columns))?;
                        header = Some(Header::of(columns));
                    }
                    Some(header) => take(row(header, &record, line))?,
                }
            }
            Err(error) => {
                let fault = fault(&error, lines);
                let is_over = fault.kind == FaultKind::Damaged;
                take(Told::Fault(fault))?;
                if is_over {
                    return ControlFlow::Continue(());
                }
            }
        }
    }
}

fn placed(line: Option<u64>, lines: usize) -> usize {
    let line = usize::try_from(line.unwrap_or_default()).unwrap_or(usize::MAX);
    line.saturating_add(lines)
}

/// The columns of a table, as the first line names them.
struct Header {
    columns: Vec<Arc<str>>,
    /// Whether no name is there twice; else a row says what its last column of that name says.
    unique: bool,
}

impl Header {
    fn of(columns: Vec<Arc<str>>) -> Header {
        let names: BTreeSet<&str> = columns.iter().map(|name| &**name).collect();
        Header {
            unique: names.len() == columns.len(),
            columns,
        }
    }
}

fn row(Header { columns, unique }: &Header, record: &csv::StringRecord, line: usize) -> Told<'static> {
    if record.len() != columns.len() {
        let message = format!(
            "expected {} columns as in the header, found {}",
            columns.len(),
            record.len()
        );
        let text: Vec<&str> = record.iter().collect();
        let fault = Fault::new(FaultKind::Syntax, line, 0, message);
        return Told::Fault(fault.with_row(text.join(",")));
    }
    let mut row = Row {
        line,
        cells: Vec::with_capacity(columns.len()),
        ..Row::default()
    };
    for (column, text) in columns.iter().zip(record) {
        let cell = Cell {
            text: text.to_owned(),
            form: Form::Text,
        };
        match unique {
            true if says_something(&cell) => row.cells.push((Arc::clone(column), cell)),
            true => {}
            false => row.put(column, Some(cell)),
        }
    }
    Told::Row(row)
}

fn fault(error: &csv::Error, lines: usize) -> Fault {
    let line = placed(error.position().map(csv::Position::line), lines);
    match error.kind() {
        csv::ErrorKind::Io(error) => Fault::of_io(line, error),
        csv::ErrorKind::Utf8 { err, .. } => {
            let message = format!(
                "expected UTF-8 text, found other bytes in column {}",
                err.field().saturating_add(1)
            );
            Fault::new(FaultKind::Syntax, line, 0, message).with_row("")
        }
        _ => Fault::new(FaultKind::Syntax, line, 0, "not CSV"),
    }
}

/// Refuses a row that does not end.
struct Limited {
    text: Box<dyn Read + Send>,
    since_row: Rc<Counter<usize>>,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.text.read(buffer)?;
        let since_row = self.since_row.get().saturating_add(n);
        if since_row > LONGEST_ROW {
            let message = format!(
                "a row of more than {} MiB; is a quote not closed?",
                LONGEST_ROW >> 20
            );
            return Err(io::Error::other(message));
        }
        self.since_row.set(since_row);
        Ok(n)
    }
}
