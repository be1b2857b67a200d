//! What all tables have in common that are read row by row: columns that must be there, cells that must say something, rows
//! that are not taken, each with its reasons.

use chrono::Timelike;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::moment::moment;
use crate::model::diagnostic::Diagnostic;
use crate::model::exact::{parse_decimal, parse_json_number};
use crate::model::period::{Instant, Period};
use crate::model::rows::{self, Codes, Form, Input, Row, Told, quoted};

/// What makes a table this one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    /// How faults are called.
    pub codes: Codes,
    /// A cell that cannot be read.
    pub column: &'static str,
    /// The columns that every row has.
    pub marks: &'static [&'static str],
}

/// A row that is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Why not; at least one reason, all at its place.
    pub problems: Vec<Diagnostic>,
    /// The row as it was read, as JSON on one line; none where what was found is no row.
    pub row: Option<String>,
}

impl Rejected {
    /// Something that is no row.
    fn nothing(problem: Diagnostic) -> Rejected {
        Rejected {
            problems: vec![problem],
            row: None,
        }
    }
}

/// A row that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken<T> {
    /// Its line, from 1; in Parquet its number.
    pub line: usize,
    /// What it says.
    pub row: T,
}

/// Whoever takes the rows of a table, one after the other; breaks where nothing more is wanted.
pub type Taker<'t, T> = dyn FnMut(Result<Taken<T>, Rejected>) -> ControlFlow<()> + 't;

/// Reads a table. The answer is whether it was one: a row of it was seen, or nothing was wrong.
pub(super) fn read<T>(
    source: &str,
    input: Input,
    form: &Table,
    of_row: &dyn Fn(&mut Cells<'_>) -> Option<T>,
    take: &mut Taker<'_, T>,
) -> bool {
    let (mut seen, mut wrong) = (false, false);
    rows::read_ahead(input, &mut |told| {
        let told = match told {
            Told::Columns(columns) => {
                let lacks = form
                    .marks
                    .iter()
                    .find(|mark| columns.iter().all(|c| **c != ***mark));
                let Some(lacks) = lacks else {
                    return ControlFlow::Continue(());
                };
                wrong = true;
                take(Err(Rejected::nothing(other_columns(
                    source, form, columns, lacks,
                ))))?;
                return ControlFlow::Break(());
            }
            Told::Row(row) => match form.marks.iter().find(|mark| row.cell(mark).is_none()) {
                // A row that has some of them lacks a cell; one that has none is of another table.
                Some(lacks) if form.marks.iter().all(|mark| row.cell(mark).is_none()) => {
                    let found: Vec<&str> = row.columns().take(5).collect();
                    let message = format!("no `{lacks}` among {}", found.join(", "));
                    let problem = Diagnostic::error(form.codes.not_a_row, source, message).at(row.line, 0);
                    Err(Rejected::nothing(problem.hint(form.codes.forms)))
                }
                _ => {
                    seen = true;
                    of_cells(source, form, &row, of_row)
                }
            },
            Told::Fault(fault) => {
                let problem = fault.diagnostic(source, &form.codes);
                let row = fault.row.map(|text| quoted(&text));
                seen |= row.is_some();
                let problems = vec![problem];
                Err(Rejected { problems, row })
            }
        };
        wrong |= told.is_err();
        take(told)
    });
    seen || !wrong
}

fn other_columns(source: &str, form: &Table, columns: &[Arc<str>], lacks: &str) -> Diagnostic {
    let found: Vec<&str> = columns.iter().take(5).map(|column| &**column).collect();
    let message = format!(
        "neither JSON nor a header with `{lacks}`, but `{}`",
        found.join(",")
    );
    let problem = Diagnostic::error(form.codes.not_a_row, source, message).at(1, 0);
    problem.hint(form.codes.forms)
}

fn of_cells<T>(
    source: &str,
    form: &Table,
    row: &Row,
    of_row: &dyn Fn(&mut Cells<'_>) -> Option<T>,
) -> Result<Taken<T>, Rejected> {
    let mut cells = Cells {
        row,
        column: form.column,
        problems: Vec::new(),
    };
    match of_row(&mut cells) {
        Some(read) if cells.problems.is_empty() => Ok(Taken {
            line: row.line,
            row: read,
        }),
        _ => {
            let placed = cells.problems.into_iter().map(|problem| Diagnostic {
                source: source.to_owned(),
                line: row.line,
                ..problem
            });
            Err(Rejected {
                problems: placed.collect(),
                row: Some(row.json()),
            })
        }
    }
}

/// The cells of a row, and what is wrong with them.
pub(super) struct Cells<'a> {
    row: &'a Row,
    column: &'static str,
    problems: Vec<Diagnostic>,
}

impl Cells<'_> {
    /// The text of a column; empty where there is none.
    pub fn text(&self, column: &str) -> &str {
        self.row.text(column).unwrap_or_default()
    }

    /// Notes what is wrong with a cell.
    pub fn wrong(&mut self, code: &'static str, column: &str, message: String) {
        let problem = Diagnostic::error(code, "", message);
        self.problems.push(problem.path(column));
    }

    /// A cell that must be there and be understood.
    pub fn needed<T>(
        &mut self,
        column: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = self.row.text(column);
        let value = found.and_then(read);
        if value.is_none() {
            let found = found.map_or("nothing".to_owned(), |text| format!("`{}`", shown(text)));
            self.wrong(self.column, column, format!("found {found}, expected {expected}"));
        }
        value
    }

    /// From one time to a later one, in whole seconds.
    pub fn period(&mut self, from: &str, to: &str) -> Option<Period> {
        let expected = "a time in whole seconds, `2026-10-01T00:00:00Z`";
        let whole = |text: &str| moment(text).filter(|at: &Instant| at.nanosecond() == 0);
        let start = self.needed(from, expected, whole);
        let end = self.needed(to, expected, whole);
        let (start, end) = (start?, end?);
        let period = Period::new(start, end);
        if period.is_none() {
            let message = format!("expected an end after the start, found {}", Period { start, end });
            self.wrong(self.column, to, message);
        }
        period
    }

    /// An exact number, which must be there; a number of JSON may have an exponent.
    pub fn decimal(&mut self, column: &str) -> Option<Decimal> {
        let is_json = self.row.cell(column).is_some_and(|cell| cell.form == Form::Json);
        let expected = "a decimal number of at most 28 digits";
        self.needed(column, expected, |text| match is_json {
            true => parse_json_number(text).ok(),
            false => parse_decimal(text).ok(),
        })
    }

    /// The members of a map or struct as text; what is null or empty is left out.
    pub fn texts(&mut self, column: &str) -> BTreeMap<String, String> {
        let members = self.object(column).into_iter();
        members
            .filter_map(|(key, value)| Some((key, said(value)?)))
            .collect()
    }

    /// A map or struct, given as an object or as its JSON; empty where there is none.
    fn object(&mut self, column: &str) -> Map<String, Value> {
        let Some(text) = self.row.text(column) else {
            return Map::new();
        };
        if let Ok(Value::Object(object)) = serde_json::from_str::<Value>(text) {
            return object;
        }
        let message = format!("found `{}`, expected an object, or its JSON as text", shown(text));
        self.wrong(self.column, column, message);
        Map::new()
    }
}

fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

/// What a member says; none for null and empty text.
fn said(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => (!text.is_empty()).then_some(text),
        other => Some(other.to_string()),
    }
}
