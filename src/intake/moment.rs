//! Times as exports of system tables write them.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::model::period::{Instant, parse_instant};

/// A time as exports write it; without an offset it is UTC.
pub(super) fn moment(text: &str) -> Option<Instant> {
    let text = text.trim();
    let naive = |form: &str| {
        NaiveDateTime::parse_from_str(text, form)
            .ok()
            .map(|t| t.and_utc())
    };
    let offset = |form: &str| {
        DateTime::parse_from_str(text, form)
            .ok()
            .map(|t| t.with_timezone(&Utc))
    };
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|t| t.with_timezone(&Utc))
        .or_else(|| offset("%Y-%m-%dT%H:%M:%S%.f%z"))
        .or_else(|| naive("%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|| naive("%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|| parse_instant(text).ok())
}
