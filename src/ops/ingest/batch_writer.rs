//! Writing on a thread of its own: while one batch becomes durable, the next is rated. Batches are written in the order in which they
//! are told, so the ledger is the same on one core or two.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{JoinHandle, spawn};

use super::pile::Waiting;
use crate::ledger::fact::SourceRow;
use crate::ledger::rate::Rated;
use crate::store::journal::{Appended, Correcting};
use crate::store::real_history::Billed;
use crate::store::{Database, StoreError};

/// Batches that may wait to be written.
const WAITING: usize = 1;

/// Facts of one source, each with the row that it comes from.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub facts: Vec<Rated>,
    pub rows: Vec<SourceRow>,
    /// What the source no longer tells, where it may be corrected.
    pub withdrawn: Vec<Billed>,
}

enum Order {
    Write(Arc<str>, Batch),
    /// Asks whether the ledger has what a row takes back.
    Ask(Arc<str>, Box<(Waiting, Rated)>),
}

/// What came of it.
pub(super) struct Written {
    pub database: Database,
    pub appended: Appended,
    /// Rows that take back what the ledger does not have.
    pub without_original: Vec<Waiting>,
}

/// Writes what it is told.
pub(super) struct BatchWriter {
    orders: SyncSender<Order>,
    thread: JoinHandle<Result<Written, StoreError>>,
}

impl BatchWriter {
    /// Begins. Where facts may be corrected, `correct` is the ledger's number of entries when the telling began.
    pub fn begin(database: Database, correct: Option<i64>) -> BatchWriter {
        let (orders, received) = sync_channel(WAITING);
        let thread = spawn(move || write(database, correct, &received));
        BatchWriter { orders, thread }
    }

    /// Writes a batch. Whether the writer still listens; where it does not, its end says why.
    pub fn write(&self, source: &Arc<str>, batch: Batch) -> bool {
        self.orders.send(Order::Write(Arc::clone(source), batch)).is_ok()
    }

    /// Asks for the original of a row, among all that was written before.
    pub fn ask(&self, source: &Arc<str>, row: Waiting, first: Rated) -> bool {
        let asked = Order::Ask(Arc::clone(source), Box::new((row, first)));
        self.orders.send(asked).is_ok()
    }

    /// Waits until all is written.
    ///
    /// # Errors
    /// What the ledger refused; nothing after that is written.
    pub fn finish(self) -> Result<Written, StoreError> {
        drop(self.orders);
        match self.thread.join() {
            Ok(written) => written,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn write(
    mut database: Database,
    correct: Option<i64>,
    orders: &Receiver<Order>,
) -> Result<Written, StoreError> {
    let (mut appended, mut without_original) = (Appended::default(), Vec::new());
    for order in orders {
        match order {
            Order::Write(source, batch) => {
                let facts = (&batch.facts[..], &batch.rows[..]);
                let written = match correct {
                    None => database.append_rows(&source, facts.0, facts.1),
                    Some(since) => {
                        let withdrawn = &batch.withdrawn[..];
                        database.correct_rows(&source, facts, Correcting { withdrawn, since })
                    }
                };
                appended = appended.and(written?);
            }
            Order::Ask(source, asked) => {
                let (row, first) = *asked;
                if !database.tells_opposite(&source, &first)? {
                    without_original.push(row);
                }
            }
        }
    }
    Ok(Written {
        database,
        appended,
        without_original,
    })
}
