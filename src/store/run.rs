//! Runs: which scenarios were billed into this ledger, and whether they came to their end.

use rusqlite::{OptionalExtension, params};

use super::database::Database;
use super::error::{At, StoreError};
use crate::model::period::Period;

/// A scenario to be billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The scenario's name: the source of its facts.
    pub name: String,
    /// BLAKE3 of everything the bill depends on, 64 hexadecimal digits.
    pub digest: String,
    /// Seed of its draws.
    pub seed: u64,
    /// What it covers.
    pub period: Period,
}

/// What was known of a run when it was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Nothing.
    New,
    /// Begun before and not finished: facts written then will be met again and skipped.
    Interrupted,
    /// Finished before: everything will be known.
    Finished,
}

impl Database {
    /// Notes that a scenario's facts are about to be told.
    ///
    /// # Errors
    /// [`StoreError::OtherScenario`] when a scenario of this name and another digest was billed here.
    pub fn begin_run(&mut self, run: &Run) -> Result<RunState, StoreError> {
        let doing = "beginning a run";
        let inserted = self
            .connection
            .execute(
                "INSERT INTO run (name, digest, seed, period_start, period_end, finished) \
                 VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT (name) DO NOTHING",
                params![
                    run.name,
                    run.digest,
                    run.seed.to_string(),
                    run.period.start.timestamp(),
                    run.period.end.timestamp()
                ],
            )
            .at(&self.path, doing)?;
        if inserted == 1 {
            return Ok(RunState::New);
        }
        let (known, finished): (String, bool) = self
            .connection
            .query_row(
                "SELECT digest, finished FROM run WHERE name = ?1",
                [&run.name],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .at(&self.path, doing)?;
        if known != run.digest {
            return Err(StoreError::OtherScenario {
                name: run.name.clone(),
                known,
                told: run.digest.clone(),
            });
        }
        Ok(if finished {
            RunState::Finished
        } else {
            RunState::Interrupted
        })
    }

    /// Notes that all facts of a scenario were told.
    ///
    /// # Errors
    /// [`StoreError::UnknownRun`] when it was never begun.
    pub fn finish_run(&mut self, name: &str) -> Result<(), StoreError> {
        let changed = self
            .connection
            .execute("UPDATE run SET finished = 1 WHERE name = ?1", [name])
            .at(&self.path, "finishing a run")?;
        if changed == 0 {
            return Err(StoreError::UnknownRun {
                name: name.to_owned(),
            });
        }
        Ok(())
    }

    /// Scenarios that were begun and not finished, by name: what a report of this ledger lacks.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn unfinished_runs(&self) -> Result<Vec<String>, StoreError> {
        self.connection
            .prepare_cached("SELECT name FROM run WHERE finished = 0 ORDER BY name")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .at(&self.path, "reading runs")
    }

    /// Whether a scenario of this name was finished; none when it was never begun.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn run_finished(&self, name: &str) -> Result<Option<bool>, StoreError> {
        self.connection
            .prepare_cached("SELECT finished FROM run WHERE name = ?1")
            .and_then(|mut statement| statement.query_row([name], |row| row.get(0)).optional())
            .at(&self.path, "reading runs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::period;

    fn run(digest: char) -> Run {
        Run {
            name: "september".to_owned(),
            digest: digest.to_string().repeat(64),
            seed: u64::MAX,
            period: period("2026-09-01", "2026-10-01"),
        }
    }

    #[test]
    fn a_scenario_resumes_with_its_own_digest_only() {
        let mut database = Database::in_memory().unwrap();
        assert_eq!(database.begin_run(&run('a')).unwrap(), RunState::New);
        assert_eq!(database.begin_run(&run('a')).unwrap(), RunState::Interrupted);
        assert_eq!(database.unfinished_runs().unwrap(), ["september"]);
        database.finish_run("september").unwrap();
        assert_eq!(database.begin_run(&run('a')).unwrap(), RunState::Finished);
        assert_eq!(database.run_finished("september").unwrap(), Some(true));
        assert_eq!(database.run_finished("october").unwrap(), None);
        let other = database.begin_run(&run('b')).unwrap_err();
        assert!(
            matches!(&other, StoreError::OtherScenario { known, told, .. }
                if known.starts_with('a') && told.starts_with('b')),
            "{other}"
        );
        assert!(matches!(
            database.finish_run("october"),
            Err(StoreError::UnknownRun { .. })
        ));
    }
}
