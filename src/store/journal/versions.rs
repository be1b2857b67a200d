//! The versions of a fact, found by their keys: each is that of the version before it, derived. An entry that is reversed has a
//! successor, or the fact waits for a price again, or it is withdrawn.
#![deny(clippy::arithmetic_side_effects)]

use rusqlite::OptionalExtension;

use super::Writer;
use crate::ledger::fact::FactKey;
use crate::store::error::{At, StoreError};

/// How a fact stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing is known of it.
    Untold,
    /// Its live version is this entry.
    Billed {
        /// The entry's number.
        number: i64,
        /// The entry's key.
        key: FactKey,
    },
    /// Its live version waits for a price.
    Unpriced {
        /// The key of the row.
        key: FactKey,
    },
    /// It was taken back.
    Withdrawn,
}

/// A fact with all its versions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub standing: Standing,
    /// The key that its next entry has, where none is live.
    pub next: FactKey,
    /// Its last entry, which is reversed; 0 where it has none.
    pub last: i64,
    /// The key that its next row without a price has.
    pub free: FactKey,
}

const VERSION: &str = "SELECT e.number, EXISTS (SELECT 1 FROM correction c WHERE c.corrected = e.number \
     AND c.link = 'reverses') FROM entry e WHERE e.key = ?1";

impl Writer<'_> {
    /// The versions of a fact.
    pub(super) fn find(&self, fact: &FactKey) -> Result<Found, StoreError> {
        let (mut next, mut last) = (*fact, 0);
        while let Some((number, reversed)) = self.version(&next)? {
            if !reversed {
                let standing = Standing::Billed { number, key: next };
                let (last, free) = (number, next.replacement());
                return Ok(Found {
                    standing,
                    next: free,
                    last,
                    free,
                });
            }
            (last, next) = (number, next.replacement());
        }
        let (standing, free) = match self.waits_at(&next)? {
            (Standing::Untold, free) if last > 0 => (Standing::Withdrawn, free),
            found => found,
        };
        Ok(Found {
            standing,
            next,
            last,
            free,
        })
    }

    /// The entry of a key, and whether it is reversed.
    pub(super) fn version(&self, key: &FactKey) -> Result<Option<(i64, bool)>, StoreError> {
        self.tables
            .connection
            .prepare_cached(VERSION)
            .and_then(|mut statement| {
                let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
                statement.query_row([key.0], row).optional()
            })
            .at(self.tables.path, "looking up an entry")
    }

    /// What waits for a price under a key or those that follow it, and the first that is free.
    pub(super) fn waits_at(&self, first: &FactKey) -> Result<(Standing, FactKey), StoreError> {
        let (mut key, mut standing) = (*first, Standing::Untold);
        while let Some(replaced) = self.is_replaced(&key)? {
            if !replaced {
                return Ok((Standing::Unpriced { key }, key.told_again()));
            }
            standing = Standing::Withdrawn;
            key = key.told_again();
        }
        Ok((standing, key))
    }

    fn is_replaced(&self, key: &FactKey) -> Result<Option<bool>, StoreError> {
        self.tables
            .connection
            .prepare_cached("SELECT replaced FROM unpriced WHERE key = ?1")
            .and_then(|mut statement| statement.query_row([key.0], |row| row.get(0)).optional())
            .at(self.tables.path, "looking up unpriced usage")
    }
}
