//! Why the store could not answer, in words for the person who holds the file.

use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

use crate::ledger::transaction::Difference;
use crate::model::money::Currency;
use crate::model::period::Period;

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading needs a file.
    #[error("there is no ledger here; run a scenario or import usage first")]
    Missing {
        /// The file asked for.
        path: PathBuf,
    },
    /// The file cannot be opened or made.
    #[error("cannot be opened ({why}); check that the folder exists and may be written")]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
    /// Not an SQLite file.
    #[error("not a ledger: expected an SQLite database, found something else; name another file")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// An SQLite file of another program.
    #[error(
        "a database of another program: expected application id {expected:#010x}, found {found:#010x}; name another file"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its `application_id`.
        found: i32,
        /// Ours.
        expected: i32,
    },
    /// Written by a newer tollgate.
    #[error(
        "its form is version {found}, this tollgate knows up to {supported}; use the newer tollgate that wrote it"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The newest known.
        supported: i32,
    },
    /// Opened for reading, and of an older form.
    #[error("its form is version {found}, expected {expected}; a command that writes brings it up to date")]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The one needed.
        expected: i32,
    },
    /// A file that would be written over.
    #[error("is there already and is not written over; name another file, or move this one away")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// May not be written.
    #[error("may only be read, and this would write; check the file's and folder's permissions")]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds it.
    #[error("another process is writing, waited {waited_ms} ms; try again when it is done")]
    Locked {
        /// The file.
        path: PathBuf,
        /// How long was waited.
        waited_ms: u64,
    },
    /// No space left.
    #[error("no space is left; nothing of this batch was written; free some and run the same command again")]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Damaged.
    #[error(
        "the file is damaged ({detail}); restore a copy, then tell the same facts again: known ones are skipped"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// A row that says what tollgate never writes.
    #[error("{place} cannot be read: {why}; `tollgate ledger check` says how far the damage goes")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Table and row.
        place: String,
        /// What was expected and found.
        why: String,
    },
    /// A text that would not read back as what it is.
    #[error("{what} cannot be stored: {why}")]
    Unwritable {
        /// The thing.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// A known fact told differently. Nothing of the batch was written.
    #[error(
        "{what} is already recorded and says something else ({}); nothing of this batch was written; what is ingested is corrected with `--correct`, anything else is told to another ledger",
        list(differences)
    )]
    Conflict {
        /// The fact.
        what: String,
        /// Where the tellings differ.
        differences: Vec<Difference>,
    },
    /// One fact twice in one batch. Nothing of the batch was written.
    #[error(
        "{what} is told twice in one batch; a resource runs a meter once at a time: tell equal ones as one, at their summed rate"
    )]
    ToldTwice {
        /// The fact.
        what: String,
    },
    /// A charge in a currency that is not the ledger's.
    #[error(
        "the ledger is kept in {ledger}, but {what} is priced in {told}; a ledger holds one currency: use another ledger"
    )]
    OtherCurrency {
        /// The ledger's.
        ledger: Currency,
        /// The charge's.
        told: Currency,
        /// The meter charged.
        what: String,
    },
    /// A scenario of this name and another content was billed here.
    #[error(
        "the scenario `{name}` was billed into this ledger with other content: digest {known} then, {told} now; rename the scenario or use another ledger"
    )]
    OtherScenario {
        /// The scenario.
        name: String,
        /// Digest of what was billed.
        known: String,
        /// Digest of what is asked now.
        told: String,
    },
    /// A run that was never begun.
    #[error("the scenario `{name}` has no run in this ledger")]
    UnknownRun {
        /// The scenario.
        name: String,
    },
    /// Roll-ups answer for whole UTC days.
    #[error("{period} does not start and end at UTC midnights; costs are summed by whole days")]
    NotWholeDays {
        /// The period asked for.
        period: Period,
    },
    /// A sum beyond 64 bits.
    #[error("{what} exceeds what a ledger can hold (9223372036 units)")]
    TooLarge {
        /// The sum.
        what: String,
    },
    /// Anything else SQLite says.
    #[error("{doing}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            StoreError::Missing { .. } => "store::missing",
            StoreError::CannotOpen { .. } => "store::cannot-open",
            StoreError::NotADatabase { .. } => "store::not-a-database",
            StoreError::Foreign { .. } => "store::foreign",
            StoreError::Newer { .. } => "store::newer",
            StoreError::Older { .. } => "store::older",
            StoreError::Exists { .. } => "store::exists",
            StoreError::ReadOnly { .. } => "store::read-only",
            StoreError::Locked { .. } => "store::locked",
            StoreError::Full { .. } => "store::full",
            StoreError::Corrupt { .. } => "store::corrupt",
            StoreError::Unreadable { .. } => "store::unreadable",
            StoreError::Unwritable { .. } => "store::unwritable",
            StoreError::Conflict { .. } => "store::conflict",
            StoreError::ToldTwice { .. } => "store::told-twice",
            StoreError::OtherCurrency { .. } => "store::other-currency",
            StoreError::OtherScenario { .. } => "store::other-scenario",
            StoreError::UnknownRun { .. } => "store::unknown-run",
            StoreError::NotWholeDays { .. } => "store::not-whole-days",
            StoreError::TooLarge { .. } => "store::too-large",
            StoreError::Sqlite { .. } => "store::sqlite",
        }
    }
}

/// How long a lock of another process is waited for.
pub(super) const BUSY_TIMEOUT_MS: u64 = 5_000;

/// Gives an SQLite error its place.
pub(super) trait At<T> {
    fn at(self, path: &Path, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> At<T> for Result<T, rusqlite::Error> {
    fn at(self, path: &Path, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| from_sqlite(path, doing, source))
    }
}

fn from_sqlite(path: &Path, doing: &'static str, source: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::NotADatabase { path },
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt {
            path,
            detail: source.to_string(),
        },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked {
            path,
            waited_ms: BUSY_TIMEOUT_MS,
        },
        Some(ErrorCode::ReadOnly) => StoreError::ReadOnly { path },
        Some(ErrorCode::DiskFull) => StoreError::Full { path },
        Some(ErrorCode::CannotOpen) => StoreError::CannotOpen {
            path,
            why: source.to_string(),
        },
        _ => StoreError::Sqlite { path, doing, source },
    }
}

fn list(differences: &[Difference]) -> String {
    let shown: Vec<String> = differences.iter().map(Difference::to_string).collect();
    shown.join("; ")
}
