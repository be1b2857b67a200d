//! Rows that wait to be billed in order of time: 80 bytes each, whatever they say.

use rust_decimal::Decimal;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::vec::IntoIter;

use crate::databricks::billing_usage::RecordType;

/// Rows that are sorted at once; they are allocated together, and none is ever copied into a larger room.
const SEGMENT: usize = 1 << 17;

/// The id of a row. Those of Databricks are UUIDs, which take 16 bytes instead of 36 and sort as their text does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum RowId {
    Uuid([u8; 16]),
    Text(Box<str>),
}

impl RowId {
    pub fn new(text: &str) -> RowId {
        uuid(text).map_or_else(|| RowId::Text(text.into()), RowId::Uuid)
    }

    pub fn text(&self) -> String {
        let bytes = match self {
            RowId::Text(text) => return text.to_string(),
            RowId::Uuid(bytes) => bytes,
        };
        let mut text = String::with_capacity(36);
        for (i, byte) in bytes.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push_str(&format!("{byte:02x}"));
        }
        text
    }
}

/// The bytes of a UUID in small letters; none for any other text, so that each text has one id.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0_u8; 16];
    let mut digits = 0_usize;
    for (i, c) in text.bytes().enumerate() {
        if matches!(i, 8 | 13 | 18 | 23) {
            if c != b'-' {
                return None;
            }
            continue;
        }
        let digit = match c {
            b'0'..=b'9' => c.checked_sub(b'0'),
            b'a'..=b'f' => c.checked_sub(b'a' - 10),
            _ => None,
        }?;
        let byte = bytes.get_mut(digits / 2)?;
        *byte = (*byte << 4) | digit;
        digits = digits.saturating_add(1);
    }
    (digits == 32 && text.len() == 36).then_some(bytes)
}

/// A row, its texts by number. The order is that of billing: by time, by id, and of rows that are told twice the first first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Waiting {
    /// Start and end in seconds since 1970.
    pub start: i64,
    pub id: RowId,
    /// The file, and the line in it.
    pub file: u32,
    pub line: u32,
    pub end: i64,
    /// Who tells, and of which meter.
    pub kind: u32,
    pub subject: u32,
    pub record_type: RecordType,
    pub quantity: Decimal,
}

impl Waiting {
    /// Whether both say the same of one row.
    pub fn says(&self, other: &Waiting) -> bool {
        let said = |row: &Waiting| (row.end, row.kind, row.subject, row.record_type, row.quantity);
        said(self) == said(other)
    }
}

/// Rows that wait.
#[derive(Default)]
pub(super) struct Pile {
    segments: Vec<Vec<Waiting>>,
    rows: usize,
}

impl Pile {
    pub fn push(&mut self, row: Waiting) {
        self.rows = self.rows.saturating_add(1);
        if let Some(last) = self.segments.last_mut().filter(|last| last.len() < SEGMENT) {
            return last.push(row);
        }
        if let Some(full) = self.segments.last_mut() {
            full.sort_unstable();
        }
        let mut next = Vec::with_capacity(SEGMENT);
        next.push(row);
        self.segments.push(next);
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes that they take, without ids that are no UUIDs.
    pub fn bytes(&self) -> usize {
        self.rows.saturating_mul(size_of::<Waiting>())
    }

    /// The rows, to look at.
    pub fn rows_in_no_order(&self) -> impl Iterator<Item = &Waiting> {
        self.segments.iter().flatten()
    }

    /// The rows in order.
    pub fn in_order(mut self) -> InOrder {
        if let Some(last) = self.segments.last_mut() {
            last.sort_unstable();
        }
        let mut rest: Vec<IntoIter<Waiting>> = self.segments.into_iter().map(Vec::into_iter).collect();
        let heads = rest.iter_mut().enumerate();
        let heads = heads
            .filter_map(|(i, rows)| Some(Reverse((rows.next()?, i))))
            .collect();
        InOrder { rest, heads }
    }
}

/// Sorted segments become one order.
pub(super) struct InOrder {
    rest: Vec<IntoIter<Waiting>>,
    heads: BinaryHeap<Reverse<(Waiting, usize)>>,
}

impl Iterator for InOrder {
    type Item = Waiting;

    fn next(&mut self) -> Option<Waiting> {
        let Reverse((row, segment)) = self.heads.pop()?;
        let following = self.rest.get_mut(segment).and_then(Iterator::next);
        self.heads.extend(following.map(|next| Reverse((next, segment))));
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(start: i64, id: &str, line: u32) -> Waiting {
        Waiting {
            start,
            id: RowId::new(id),
            file: 0,
            line,
            end: start + 3_600,
            kind: 0,
            subject: 0,
            record_type: RecordType::Original,
            quantity: Decimal::ONE,
        }
    }

    #[test]
    fn ids_are_what_they_were() {
        assert_eq!(size_of::<Waiting>(), 80);
        let uuid = "11111111-0000-4000-8000-00000000000f";
        assert!(matches!(RowId::new(uuid), RowId::Uuid(_)));
        for id in [
            uuid,
            "11111111-0000-4000-8000-00000000000F",
            "r-1",
            "",
            "11111111-0000-4000-8000-0000000000",
            "11111111000040008000000000000000f000",
        ] {
            assert_eq!(RowId::new(id).text(), id);
        }
    }

    proptest! {
        #[test]
        fn every_row_comes_once_and_in_order(starts in prop::collection::vec(0_i64..50, 0..200), segments in 1_usize..9) {
            let mut pile = Pile::default();
            let mut sorted: Vec<Waiting> = (0_u32..).zip(&starts).map(|(line, start)| row(*start, &line.to_string(), line)).collect();
            // As many segments as a large pile would have.
            pile.segments = sorted.chunks(segments * 7).map(|rows| {
                let mut rows = rows.to_vec();
                rows.sort();
                rows
            }).collect();
            sorted.sort();
            prop_assert_eq!(pile.in_order().collect::<Vec<_>>(), sorted);
        }
    }
}
