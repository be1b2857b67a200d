//! What is wrong with a schedule of Quartz.

use std::fmt;

use super::super::zone::UnknownZone;

/// A part of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CronField {
    /// All of the expression.
    Expression,
    /// 0 to 59.
    Seconds,
    /// 0 to 59.
    Minutes,
    /// 0 to 23.
    Hours,
    /// 1 to 31, `?`, `L`, `W`.
    DayOfMonth,
    /// 1 to 12, JAN to DEC.
    Month,
    /// 1 to 7, SUN to SAT, `?`, `L`, `#`.
    DayOfWeek,
    /// 1970 to 2199.
    Year,
    /// The zone in which the expression is read.
    TimezoneId,
}

impl fmt::Display for CronField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CronField::Expression => "expression",
            CronField::Seconds => "seconds",
            CronField::Minutes => "minutes",
            CronField::Hours => "hours",
            CronField::DayOfMonth => "day-of-month",
            CronField::Month => "month",
            CronField::DayOfWeek => "day-of-week",
            CronField::Year => "year",
            CronField::TimezoneId => "timezone_id",
        })
    }
}

/// Why a schedule cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: found `{found}`, expected {expected}")]
pub struct CronError {
    /// Where.
    pub field: CronField,
    /// The part that is wrong, in capitals as Quartz reads it; the expression and the zone as they were written.
    pub found: String,
    /// What would be right there.
    pub expected: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl CronError {
    pub(super) fn new(field: CronField, found: &str, expected: impl Into<String>) -> CronError {
        CronError {
            field,
            found: found.to_owned(),
            expected: expected.into(),
            hint: None,
        }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> CronError {
        CronError {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl From<UnknownZone> for CronError {
    fn from(unknown: UnknownZone) -> CronError {
        CronError::new(CronField::TimezoneId, &unknown.found, "the name of a time zone").hint(unknown.hint)
    }
}
