//! Reading ahead: while one thread understands rows, another unpacks and splits the bytes that follow. What is told, and in which
//! order, is what [`read`](super::read) tells.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use super::{Fault, Input, Row, Taker, Told, read};

/// What is handed over at once, at most but for the last row: rows, and bytes of their cells.
const ROWS: usize = 256;
const BYTES: usize = 256 << 10;
/// Portions that may wait.
const WAITING: usize = 4;

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
    std::thread::scope(|scope| {
        let (portions, received) = sync_channel::<Vec<Kept>>(WAITING);
        scope.spawn(move || {
            let (mut portion, mut bytes) = (Vec::with_capacity(ROWS), 0_usize);
            read(input, &mut |told| {
                let kept = Kept::of(told);
                bytes = bytes.saturating_add(kept.bytes());
                portion.push(kept);
                if portion.len() < ROWS && bytes < BYTES {
                    return ControlFlow::Continue(());
                }
                bytes = 0;
                let full = std::mem::replace(&mut portion, Vec::with_capacity(ROWS));
                match portions.send(full) {
                    Ok(()) => ControlFlow::Continue(()),
                    // Nobody wants more.
                    Err(_) => ControlFlow::Break(()),
                }
            });
            let _ = portions.send(portion);
        });
        let _ = received.into_iter().flatten().try_for_each(|kept| match kept {
            Kept::Columns(columns) => take(Told::Columns(&columns)),
            Kept::Row(row) => take(Told::Row(row)),
            Kept::Fault(fault) => take(Told::Fault(fault)),
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

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
