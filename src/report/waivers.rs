//! How waivers stand on a day, for people and for machines.

use serde::Serialize;
use std::fmt::Write;

use super::decision::one_line;
use crate::model::decision::Waiver;

/// All waivers on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaiversReport {
    /// The day (UTC): `2026-10-01`.
    pub at: String,
    /// Days within which one that expires is about to.
    pub within_days: u32,
    /// The waivers, those that expire first before the others.
    pub waivers: Vec<WaiverRow>,
}

/// A waiver and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaiverRow {
    /// The waiver.
    #[serde(flatten)]
    pub waiver: Waiver,
    /// The first day on which it holds.
    pub approved: Option<String>,
    /// Where it was discussed.
    pub ticket: Option<String>,
    /// The policy that it speaks of; null for any.
    pub policy: Option<String>,
    /// The rule; null for every rule of the policy.
    pub rule: Option<String>,
    /// How it stands.
    pub state: WaiverState,
    /// Days for which it holds, this one included; 0 or less after it has expired.
    pub days_left: i64,
}

/// How a waiver stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaiverState {
    /// It holds no more.
    Expired,
    /// It holds, and soon no more.
    Expiring,
    /// It holds.
    Holds,
    /// It will hold.
    NotYet,
}

impl WaiversReport {
    /// Whether somebody has to look at one: it has expired, or is about to.
    pub fn is_anything_due(&self) -> bool {
        self.count(WaiverState::Expired) > 0 || self.count(WaiverState::Expiring) > 0
    }

    fn count(&self, state: WaiverState) -> usize {
        self.waivers.iter().filter(|row| row.state == state).count()
    }

    /// The waivers as a person reads them, and a line that counts them.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for row in &self.waivers {
            let WaiverRow { waiver, .. } = row;
            let _ = writeln!(out, "{}  {}: {}", waiver.waiver, row.covers(), row.says());
            let ticket = row
                .ticket
                .as_ref()
                .map_or(String::new(), |ticket| format!(", {ticket}"));
            let by = format!("approved by {}{ticket}", waiver.approved_by);
            let place = format!("{}:{}", waiver.source, waiver.line);
            let _ = writeln!(out, "    {}", one_line(waiver.reason.trim()));
            let _ = writeln!(out, "    {} ({place})", one_line(&by));
        }
        let number = match self.waivers.len() {
            1 => "1 waiver".to_owned(),
            number => format!("{number} waivers"),
        };
        let _ = writeln!(
            out,
            "{number} on {}: {} expired, {} within {} days",
            self.at,
            self.count(WaiverState::Expired),
            self.count(WaiverState::Expiring),
            self.within_days,
        );
        out
    }
}

impl WaiverRow {
    fn covers(&self) -> String {
        match (&self.policy, &self.rule) {
            (Some(policy), Some(rule)) => format!("{policy}/{rule}"),
            (Some(policy), None) => format!("{policy}/*"),
            (None, Some(rule)) => format!("*/{rule}"),
            (None, None) => "*".to_owned(),
        }
    }

    fn says(&self) -> String {
        let expires = &self.waiver.expires;
        let left = match self.days_left {
            1 => "today is the last day".to_owned(),
            days => format!("{days} days left"),
        };
        match self.state {
            WaiverState::Expired => format!("EXPIRED after {expires}"),
            WaiverState::Expiring => format!("EXPIRES after {expires}, {left}"),
            WaiverState::Holds => format!("holds until {expires}, {left}"),
            WaiverState::NotYet => {
                let from = self.approved.as_deref().unwrap_or_default();
                format!("holds from {from} until {expires}")
            }
        }
    }
}
