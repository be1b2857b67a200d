//! The values of one field: lists, ranges, steps and names.

use std::collections::BTreeSet;

use super::error::{CronError, CronField};

/// What a field of numbers may hold.
struct Range {
    min: u16,
    max: u16,
    /// Greatest step; Quartz refuses greater ones.
    step: u16,
    /// Names of the numbers from 1 on.
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Range {
    fn of(field: CronField) -> Range {
        let range = |min, max, step| Range {
            min,
            max,
            step,
            names: &[],
        };
        match field {
            CronField::Hours => range(0, 23, 23),
            CronField::DayOfMonth => range(1, 31, 31),
            CronField::Month => Range {
                names: &MONTHS,
                ..range(1, 12, 12)
            },
            CronField::DayOfWeek => Range {
                names: &WEEKDAYS,
                ..range(1, 7, 7)
            },
            // The years that the documentation of Quartz names.
            CronField::Year => range(1970, 2199, 229),
            CronField::Seconds | CronField::Minutes | CronField::Expression | CronField::TimezoneId => {
                range(0, 59, 59)
            }
        }
    }

    fn described(&self) -> String {
        let Range { min, max, names, .. } = self;
        match (names.first(), names.last()) {
            (Some(first), Some(last)) => format!("a number from {min} to {max}, or {first} to {last}"),
            _ => format!("a number from {min} to {max}"),
        }
    }
}

/// The values of a field in capitals: `*`, `5`, `5-10`, `0/15`, `*/15`, `22-2`, `MON-FRI`, and lists of them.
///
/// A range whose end is before its start runs over the end of the field, except in years.
///
/// # Errors
/// What Quartz refuses, and what it reads otherwise than it looks: a step after names (it ignores it), letters after
/// a value (it ignores them), a step of 0.
pub(super) fn values(field: CronField, text: &str) -> Result<BTreeSet<u16>, CronError> {
    let range = Range::of(field);
    let mut all = Vec::new();
    for item in text.split(',') {
        all.extend(item_values(field, &range, item)?);
    }
    // All at once: years alone are 230.
    Ok(BTreeSet::from_iter(all))
}

/// One value of a field: a number or a name.
pub(super) fn value(field: CronField, text: &str) -> Result<u16, CronError> {
    read(field, &Range::of(field), text)
}

fn item_values(field: CronField, range: &Range, item: &str) -> Result<Vec<u16>, CronError> {
    let (body, step) = match item.split_once('/') {
        Some((body, step)) => (body, Some(read_step(field, range, item, step)?)),
        None => (item, None),
    };
    if step.is_some() && body.contains(|c: char| c.is_ascii_alphabetic()) {
        let expected = "numbers before a step: Quartz ignores a step after names";
        return Err(CronError::new(field, item, expected).hint(numbered(range, item)));
    }
    let (first, last) = match (body, body.split_once('-')) {
        ("*", _) => (range.min, range.max),
        // Quartz reads `/15` as `*/15`.
        ("", _) if step.is_some() => (range.min, range.max),
        (_, Some((first, last))) => {
            let same_kind = is_name(first) == is_name(last);
            let read = (read(field, range, first)?, read(field, range, last)?);
            if !same_kind {
                let expected = "two names or two numbers on both sides of `-`";
                return Err(CronError::new(field, item, expected).hint(numbered(range, item)));
            }
            read
        }
        (_, None) => {
            let first = read(field, range, body)?;
            (first, if step.is_some() { range.max } else { first })
        }
    };
    let span = range.max.saturating_sub(range.min).saturating_add(1);
    let end = match (last < first, field) {
        (false, _) => last,
        (true, CronField::Year) => {
            return Err(CronError::new(field, item, "the earlier year first"));
        }
        (true, _) => last.saturating_add(span),
    };
    let wrapped = |v: u16| if v > range.max { v.saturating_sub(span) } else { v };
    Ok((first..=end)
        .step_by(usize::from(step.unwrap_or(1)))
        .map(wrapped)
        .collect())
}

fn read_step(field: CronField, range: &Range, item: &str, text: &str) -> Result<u16, CronError> {
    number(text)
        .filter(|step| (1..=range.step).contains(step))
        .ok_or_else(|| CronError::new(field, item, format!("a step from 1 to {}", range.step)))
}

fn read(field: CronField, range: &Range, text: &str) -> Result<u16, CronError> {
    let named = range.names.iter().position(|name| *name == text);
    let value = match named.and_then(|at| u16::try_from(at).ok()) {
        Some(at) => Some(at.saturating_add(1)),
        None => number(text).filter(|v| (range.min..=range.max).contains(v)),
    };
    value.ok_or_else(|| {
        let error = CronError::new(field, text, range.described());
        match (field, text) {
            (_, "?") => error.hint("`?` is for day-of-month and day-of-week, alone"),
            (CronField::DayOfWeek, "0") => error.hint("Quartz counts from 1, Sunday, to 7, Saturday"),
            _ => match range
                .names
                .iter()
                .find(|name| text.len() > 3 && text.starts_with(**name))
            {
                Some(name) => error.hint(format!("did you mean `{name}`?")),
                None => error,
            },
        }
    })
}

fn number(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn is_name(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// The same with numbers for names.
fn numbered(range: &Range, item: &str) -> String {
    let text = (1u16..)
        .zip(range.names)
        .fold(item.to_owned(), |text, (number, name)| {
            text.replace(name, &number.to_string())
        });
    format!("with numbers: `{text}`")
}
