//! Reading ahead: while one thread understands rows, another unpacks and splits the bytes that follow. What is told, and in which
//! order, is what [`read`](super::read) tells.

use std::sync::Arc;

use super::{Fault, Input, Row, Taker, Told, read};
use crate::model::ahead::ahead;

/// What is told, kept.
enum Kept {
    Columns(Vec<Arc<str>>),
    Row(Row),
    Fault(Fault),
}

impl Kept {
    fn of(told: Told<'_>) -> Kept {
        match told {
            Told::Columns(columns) => Kept::Columns(columns.to_vec()),
            Told::Row(row) => Kept::Row(row),
            Told::Fault(fault) => Kept::Fault(fault),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Kept::Columns(_) => 0,
            Kept::Row(row) => row.cells.iter().map(|(_, cell)| cell.text.len()).sum(),
            Kept::Fault(fault) => fault.row.as_ref().map_or(0, String::len),
        }
    }
}

/// Reads a table on a thread of its own; what it tells is taken on this one.
pub fn read_ahead(input: Input, take: &mut Taker<'_>) {
    ahead(
        move |tell| {
            read(input, &mut |told| {
                let kept = Kept::of(told);
                let bytes = kept.bytes();
                tell(kept, bytes)
            });
        },
        &mut |kept| match kept {
            Kept::Columns(columns) => take(Told::Columns(&columns)),
            Kept::Row(row) => take(Told::Row(row)),
            Kept::Fault(fault) => take(Told::Fault(fault)),
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    fn told(read: impl Fn(Input, &mut Taker<'_>), text: &str, most: usize) -> Vec<String> {
        let mut told = Vec::new();
        read(Input::of(text), &mut |one| {
            told.push(format!("{one:?}"));
            match told.len() < most {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        told
    }

    #[test]
    fn what_is_read_ahead_is_what_is_read() {
        let rows: String = (0..2_000)
            .map(|n| format!("{n},{}\n", "x".repeat(n % 700)))
            .collect();
        let text = format!("a,b\n{rows}\"never closed");
        for most in [usize::MAX, 1, 2, 257, 900] {
            let ahead = told(read_ahead, &text, most);
            assert_eq!(ahead, told(read, &text, most), "{most}");
            assert_eq!(ahead.len(), most.min(2_002));
        }
        assert_eq!(told(read_ahead, "", 9), told(read, "", 9));
    }
}
