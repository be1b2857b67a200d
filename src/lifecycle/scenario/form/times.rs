//! When jobs run.

use serde::Deserialize;

/// When the runs of a job are due.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleForm {
    #[serde(default)]
    pub days: Option<Vec<String>>,
    #[serde(default)]
    pub on: Option<String>,
    #[serde(default)]
    pub at: Option<String>,
    #[serde(default)]
    pub time_zone: Option<String>,
    #[serde(default)]
    pub every_minutes: Option<u32>,
    #[serde(default)]
    pub quartz_cron_expression: Option<String>,
    #[serde(default)]
    pub timezone_id: Option<String>,
    /// True where it is given.
    #[serde(default)]
    pub continuous: Option<bool>,
    #[serde(default)]
    pub pause_status: Option<PauseStatus>,
}

/// As the Jobs API has it; a schedule that says nothing is not paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PauseStatus {
    /// No run is due.
    Paused,
    /// Runs are due.
    Unpaused,
}
