//! Parquet, as Spark writes it: row by row, a row group after the other.
//!
//! Cells are text as the other forms have them: decimals digit by digit, timestamps and dates in RFC 3339, structs, maps and
//! lists as JSON. A double is told as the shortest decimal that reads back as the same double.
//!
//! The library that reads the pages trusts them more than a stranger's file deserves: where it panics, that is told as a damaged
//! file. A page is unpacked whole, so that one page may ask for up to 2 GiB.

use std::cell::Cell as Flag;
use std::io::Read;
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Once};

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use parquet::basic::{LogicalType, TimeUnit};
use parquet::data_type::Decimal;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row as Record};

use super::{Cell, Fault, FaultKind, Form, Row, Taker, Told, quoted};

/// What a Parquet file begins and ends with.
const MAGIC: &[u8] = b"PAR1";
/// Bytes of a file that comes through a pipe and is therefore held in memory: 1 GiB.
const LARGEST_STREAM: u64 = 1 << 30;
/// Columns of a table, those inside of structs counted.
const MOST_COLUMNS: usize = 10_000;

/// Whether bytes that begin so are a Parquet file.
pub(super) fn is_parquet(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// Reads a file of which the start is read already.
pub(super) fn read_stream(start: Vec<u8>, rest: impl Read, take: &mut Taker<'_>) -> ControlFlow<()> {
    let mut bytes = start;
    let read = rest.take(LARGEST_STREAM).read_to_end(&mut bytes);
    match read {
        Err(error) => take(Told::Fault(Fault::of_io(0, &error))),
        Ok(_) if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LARGEST_STREAM => take(Told::Fault(
            damaged(0, "larger than 1 GiB; name the file instead of piping it"),
        )),
        Ok(_) => self::read(bytes::Bytes::from(bytes), take),
    }
}

/// Reads a file.
pub(super) fn read(file: impl ChunkReader + 'static, take: &mut Taker<'_>) -> ControlFlow<()> {
    let opened = guarded(|| SerializedFileReader::new(file));
    let reader = match opened {
        Ok(reader) => reader,
        Err(what) => return take(Told::Fault(damaged(0, &what))),
    };
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    if schema.num_columns() > MOST_COLUMNS {
        let what = format!("{} columns, more than {MOST_COLUMNS}", schema.num_columns());
        return take(Told::Fault(damaged(0, &what)));
    }
    let fields = schema.root_schema().get_fields();
    let columns: Vec<Column> = fields
        .iter()
        .map(|field| Column {
            name: Arc::from(field.name()),
            in_nanoseconds: matches!(
                field.get_basic_info().logical_type_ref(),
                Some(LogicalType::Timestamp(timestamp)) if timestamp.unit == TimeUnit::NANOS
            ),
        })
        .collect();
    let names: Vec<Arc<str>> = columns.iter().map(|column| Arc::clone(&column.name)).collect();
    take(Told::Columns(&names))?;
    let mut number = 0_usize;
    for group in 0..reader.num_row_groups() {
        let opened = guarded(|| reader.get_row_group(group));
        let group = match opened {
            Ok(group) => group,
            Err(what) => return take(Told::Fault(damaged(number, &what))),
        };
        let mut records = match guarded(|| RowIter::from_row_group(None, &*group)) {
            Ok(records) => records,
            Err(what) => return take(Told::Fault(damaged(number, &what))),
        };
        let claimed = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
        let before = number;
        loop {
            match guarded(|| records.next().transpose()) {
                Ok(None) => break,
                Ok(Some(record)) => {
                    number = number.saturating_add(1);
                    take(told(&columns, &record, number))?;
                }
                Err(what) => return take(Told::Fault(damaged(number.saturating_add(1), &what))),
            }
        }
        let found = number.saturating_sub(before);
        if found != claimed {
            let what = format!("expected {claimed} rows in a row group, found {found}");
            take(Told::Fault(damaged(number, &what)))?;
        }
    }
    ControlFlow::Continue(())
}

struct Column {
    name: Arc<str>,
    in_nanoseconds: bool,
}

fn damaged(row: usize, what: &str) -> Fault {
    let shown: String = what.chars().take(200).collect();
    Fault::new(
        FaultKind::Damaged,
        row,
        0,
        format!("Parquet that cannot be read: {shown}"),
    )
}

thread_local! {
    static QUIET: Flag<bool> = const { Flag::new(false) };
}

/// What a call into the library answers; where it panics, that is told as an error and not on standard error.
fn guarded<T>(call: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    let was = QUIET.replace(true);
    let answer = panic::catch_unwind(AssertUnwindSafe(call));
    QUIET.set(was);
    match answer {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("it contradicts itself".to_owned()),
    }
}

fn told(columns: &[Column], record: &Record, number: usize) -> Told<'static> {
    let mut row = Row {
        line: number,
        ..Row::default()
    };
    for (column, (_, field)) in columns.iter().zip(record.get_column_iter()) {
        let cell = match field {
            Field::Long(nanoseconds) if column.in_nanoseconds => {
                Some(text(time(DateTime::from_timestamp_nanos(*nanoseconds))))
            }
            field => match cell(field) {
                Ok(cell) => cell,
                Err(what) => {
                    let message = format!("column `{}`: {what}", column.name);
                    let fault = Fault::new(FaultKind::Syntax, number, 0, message);
                    return Told::Fault(fault.with_row(row.json()));
                }
            },
        };
        row.put(&column.name, cell);
    }
    Told::Row(row)
}

fn text(text: impl Into<String>) -> Cell {
    let (text, form) = (text.into(), Form::Text);
    Cell { text, form }
}

fn raw(text: impl ToString) -> Cell {
    let (text, form) = (text.to_string(), Form::Json);
    Cell { text, form }
}

/// The cell of a field; none for null.
fn cell(field: &Field) -> Result<Option<Cell>, String> {
    Ok(Some(match field {
        Field::Null => return Ok(None),
        Field::Bool(value) => raw(value),
        Field::Byte(value) => raw(value),
        Field::Short(value) => raw(value),
        Field::Int(value) => raw(value),
        Field::Long(value) => raw(value),
        Field::UByte(value) => raw(value),
        Field::UShort(value) => raw(value),
        Field::UInt(value) => raw(value),
        Field::ULong(value) => raw(value),
        Field::Float16(value) => float(f64::from(f32::from(*value)), value.to_string()),
        Field::Float(value) => float(f64::from(*value), value.to_string()),
        Field::Double(value) => float(*value, value.to_string()),
        Field::Decimal(value) => raw(decimal(value)?),
        Field::Str(value) => text(value.as_str()),
        Field::Bytes(value) => match std::str::from_utf8(value.data()) {
            Ok(value) => text(value),
            Err(_) => return Err("bytes that are no UTF-8 text".to_owned()),
        },
        Field::Date(days) => text(date(*days).ok_or("a date out of range")?),
        Field::TimeMillis(value) => raw(value),
        Field::TimeMicros(value) => raw(value),
        Field::TimestampMillis(value) => text(time(
            DateTime::from_timestamp_millis(*value).ok_or("a time out of range")?,
        )),
        Field::TimestampMicros(value) => text(time(
            DateTime::from_timestamp_micros(*value).ok_or("a time out of range")?,
        )),
        Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => raw(json(field)?),
    }))
}

/// JSON has no NaN and no infinity: they are texts.
fn float(value: f64, shown: String) -> Cell {
    match value.is_finite() {
        true => raw(shown),
        false => text(shown),
    }
}

/// A field as JSON.
fn json(field: &Field) -> Result<String, String> {
    Ok(match field {
        Field::Group(record) => {
            let members: Result<Vec<String>, String> = record
                .get_column_iter()
                .map(|(name, value)| Ok(format!("{}:{}", quoted(name), json(value)?)))
                .collect();
            format!("{{{}}}", members?.join(","))
        }
        Field::MapInternal(map) => {
            let member = |(key, value): &(Field, Field)| {
                let key = cell(key)?.map_or(String::new(), |cell| cell.text);
                Ok(format!("{}:{}", quoted(&key), json(value)?))
            };
            let members: Result<Vec<String>, String> = map.entries().iter().map(member).collect();
            format!("{{{}}}", members?.join(","))
        }
        Field::ListInternal(list) => {
            let items: Result<Vec<String>, String> = list.elements().iter().map(json).collect();
            format!("[{}]", items?.join(","))
        }
        field => match cell(field)? {
            None => "null".to_owned(),
            Some(Cell {
                text,
                form: Form::Text,
            }) => quoted(&text),
            Some(Cell { text, .. }) => text,
        },
    })
}

fn date(days: i32) -> Option<String> {
    let epoch = DateTime::<Utc>::UNIX_EPOCH.date_naive();
    let day: NaiveDate = epoch.checked_add_signed(TimeDelta::try_days(days.into())?)?;
    Some(day.format("%Y-%m-%d").to_string())
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The digits of a decimal, without zeros at its end: `decimal(38,18)` has more of them than matter.
fn decimal(value: &Decimal) -> Result<String, String> {
    let bytes = value.data();
    let negative = bytes.first().is_some_and(|byte| byte.leading_ones() > 0);
    let fill = if negative { 0xff } else { 0 };
    if bytes.len() > 16
        && bytes
            .iter()
            .take(bytes.len().saturating_sub(16))
            .any(|byte| *byte != fill)
    {
        return Err("a decimal of more than 38 digits".to_owned());
    }
    let mut wide = [fill; 16];
    for (to, from) in wide.iter_mut().rev().zip(bytes.iter().rev()) {
        *to = *from;
    }
    let unscaled = i128::from_be_bytes(wide);
    let scale = usize::try_from(value.scale()).map_err(|_| "a decimal of negative scale")?;
    if scale > 38 {
        return Err(format!("a decimal of scale {scale}"));
    }
    let digits = format!(
        "{:0>width$}",
        unscaled.unsigned_abs(),
        width = scale.saturating_add(1)
    );
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
    let fraction = fraction.trim_end_matches('0');
    let sign = if unscaled < 0 { "-" } else { "" };
    Ok(match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    })
}
