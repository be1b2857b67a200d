//! The decision log: what was asked, under which policies, and what was answered.

use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

use super::database::Database;
use super::error::{At, StoreError};
use super::told::hold_against;
use crate::model::decision::Outcome;
use crate::model::period::{Instant, rfc3339};

/// One decision, as logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRecord {
    /// The scenario, file or caller the request came from.
    pub source: String,
    /// The request's name, unique with `source` and `at`.
    pub request: String,
    /// When it was decided, by the clock that was given.
    pub at: Instant,
    /// The policies that judged, in order.
    pub policies: Vec<String>,
    /// The answer.
    pub outcome: Outcome,
    /// What the rules objected to, as the decision's JSON shows it.
    pub violations: Value,
    /// What it would cost, as the estimate's JSON shows it; null where there is none.
    pub estimate: Value,
}

const INSERT: &str = "INSERT INTO decision (source, request, at, policies, outcome, violations, estimate) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (source, request, at) DO NOTHING";

impl Database {
    /// Logs decisions; how many were new.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one was logged with another answer; then none of them is written.
    pub fn append_decisions(&mut self, decisions: &[DecisionRecord]) -> Result<u64, StoreError> {
        let doing = "logging decisions";
        let path = self.path.as_path();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .at(path, doing)?;
        let mut new = 0_u64;
        for decision in decisions {
            if insert(&transaction, path, decision)? {
                new = new.saturating_add(1);
            } else {
                hold_against_known(&transaction, path, decision)?;
            }
        }
        transaction.commit().at(path, doing)?;
        Ok(new)
    }

    /// How many decisions there are of each outcome; of one source, or of all.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn decision_counts(&self, source: Option<&str>) -> Result<BTreeMap<Outcome, u64>, StoreError> {
        let sql = "SELECT outcome, count(*) FROM decision WHERE ?1 IS NULL OR source = ?1 GROUP BY outcome";
        let counted: Vec<(String, i64)> = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement
                    .query_map([source], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .at(&self.path, "counting decisions")?;
        let outcomes = [Outcome::Allow, Outcome::Undetermined, Outcome::Deny];
        let named = |name: &str| outcomes.into_iter().find(|outcome| outcome.as_str() == name);
        Ok(counted
            .into_iter()
            .filter_map(|(name, count)| Some((named(&name)?, u64::try_from(count).ok()?)))
            .collect())
    }
}

fn fields(decision: &DecisionRecord) -> [String; 4] {
    [
        Value::from(decision.policies.clone()).to_string(),
        decision.outcome.as_str().to_owned(),
        decision.violations.to_string(),
        decision.estimate.to_string(),
    ]
}

fn insert(connection: &Connection, path: &Path, decision: &DecisionRecord) -> Result<bool, StoreError> {
    let [policies, outcome, violations, estimate] = fields(decision);
    let changed = connection.prepare_cached(INSERT).and_then(|mut statement| {
        statement.execute(params![
            decision.source,
            decision.request,
            decision.at.timestamp(),
            policies,
            outcome,
            violations,
            estimate
        ])
    });
    Ok(changed.at(path, "logging a decision")? == 1)
}

fn hold_against_known(
    connection: &Connection,
    path: &Path,
    decision: &DecisionRecord,
) -> Result<(), StoreError> {
    let sql = "SELECT policies, outcome, violations, estimate FROM decision \
               WHERE source = ?1 AND request = ?2 AND at = ?3";
    let known: [String; 4] = connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement.query_row(
                params![decision.source, decision.request, decision.at.timestamp()],
                |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
            )
        })
        .at(path, "reading a decision")?;
    let what = || {
        format!(
            "the decision on `{}` of `{}` at {}",
            decision.request,
            decision.source,
            rfc3339(decision.at)
        )
    };
    let names = ["policies", "outcome", "violations", "estimate"];
    hold_against(what, names, known, fields(decision))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::at;
    use serde_json::json;

    #[test]
    fn decisions_are_logged_once_and_counted_by_outcome() {
        let mut database = Database::in_memory().unwrap();
        let decision = |request: &str, outcome| DecisionRecord {
            source: "s".to_owned(),
            request: request.to_owned(),
            at: at("2026-10-01"),
            policies: vec!["etl-jobs".to_owned()],
            outcome,
            violations: json!([]),
            estimate: Value::Null,
        };
        let batch = [
            decision("a", Outcome::Allow),
            decision("b", Outcome::Deny),
            decision("c", Outcome::Deny),
        ];
        assert_eq!(database.append_decisions(&batch).unwrap(), 3);
        assert_eq!(database.append_decisions(&batch).unwrap(), 0);
        let counts = database.decision_counts(None).unwrap();
        assert_eq!(counts, BTreeMap::from([(Outcome::Allow, 1), (Outcome::Deny, 2)]));
        assert_eq!(database.decision_counts(Some("t")).unwrap(), BTreeMap::new());
        let changed = [decision("d", Outcome::Allow), decision("a", Outcome::Deny)];
        assert!(matches!(
            database.append_decisions(&changed),
            Err(StoreError::Conflict { .. })
        ));
        assert_eq!(database.decision_counts(Some("s")).unwrap(), counts);
    }
}
