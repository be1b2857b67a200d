//! Reading when sessions begin and when jobs run.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::check::Checker;
use super::form::{PauseStatus, ScheduleForm, SessionForm};
use crate::lifecycle::schedule::cron::{CronField, CronSchedule};
use crate::lifecycle::schedule::zone::parse_zone;
use crate::lifecycle::schedule::{Days, RunSchedule, SessionTimes, parse_time_of_day, parse_weekday};
use crate::model::document::{Document, pointer_step};

/// The keys that say how runs come about, and what may stand beside each.
const KINDS: [(&str, &[&str]); 4] = [
    ("quartz_cron_expression", &["timezone_id"]),
    ("continuous", &[]),
    ("every_minutes", &[]),
    ("at", &["days", "on", "time_zone"]),
];

impl Checker<'_> {
    /// When the sessions at a pointer begin.
    pub(super) fn session_times(
        &mut self,
        document: &Document,
        at: &str,
        form: &SessionForm,
    ) -> Option<SessionTimes> {
        let days = self.days(document, at, form.days.as_deref(), form.on.as_deref());
        let start = self.time(document, &pointer_step(at, "start"), &form.start);
        let time_zone = self.zone(document, at, form.time_zone.as_deref());
        Some(SessionTimes {
            days: days?,
            start: start?,
            time_zone: time_zone?,
        })
    }

    /// When a job runs.
    pub(super) fn schedule(
        &mut self,
        document: &Document,
        at: &str,
        form: &ScheduleForm,
    ) -> Option<RunSchedule> {
        self.goes_together(document, at, form)?;
        let schedule = if let Some(expression) = &form.quartz_cron_expression {
            let zone = form.timezone_id.as_deref();
            RunSchedule::Cron(self.cron(document, at, expression, zone)?)
        } else if form.continuous.is_some() {
            RunSchedule::Continuous
        } else if let Some(minutes) = form.every_minutes {
            RunSchedule::Every { minutes }
        } else {
            let days = self.days(document, at, form.days.as_deref(), form.on.as_deref());
            let start = form.at.as_deref();
            let start = start.and_then(|time| self.time(document, &pointer_step(at, "at"), time));
            let time_zone = self.zone(document, at, form.time_zone.as_deref());
            RunSchedule::Days(SessionTimes {
                days: days?,
                start: start?,
                time_zone: time_zone?,
            })
        };
        Some(match form.pause_status {
            Some(PauseStatus::Paused) => RunSchedule::Paused(Box::new(schedule)),
            Some(PauseStatus::Unpaused) | None => schedule,
        })
    }

    /// Whether a schedule is of one kind, with nothing of another.
    fn goes_together(&mut self, document: &Document, at: &str, form: &ScheduleForm) -> Option<()> {
        let keys = [
            ("quartz_cron_expression", form.quartz_cron_expression.is_some()),
            ("timezone_id", form.timezone_id.is_some()),
            ("continuous", form.continuous.is_some()),
            ("every_minutes", form.every_minutes.is_some()),
            ("at", form.at.is_some()),
            ("days", form.days.is_some()),
            ("on", form.on.is_some()),
            ("time_zone", form.time_zone.is_some()),
        ];
        let given = || keys.iter().filter(|(_, is)| *is).map(|(key, _)| *key);
        let Some((kind, beside)) = KINDS.iter().find(|(kind, _)| given().any(|key| key == *kind)) else {
            let message = "says no time: expected `quartz_cron_expression` with `timezone_id`, `at` with `days` or \
                           `on`, `every_minutes` or `continuous`";
            self.error(document, at, "scenario::schedule", message.to_owned());
            return None;
        };
        let others: Vec<String> = given()
            .filter(|key| key != kind && !beside.contains(key))
            .map(|key| format!("`{key}`"))
            .collect();
        if others.is_empty() {
            return Some(());
        }
        let message = format!("`{kind}` does not go with {}", others.join(", "));
        self.error(document, at, "scenario::schedule", message);
        None
    }

    fn cron(
        &mut self,
        document: &Document,
        at: &str,
        expression: &str,
        zone: Option<&str>,
    ) -> Option<CronSchedule> {
        let Some(zone) = zone else {
            let message = "`quartz_cron_expression` needs a `timezone_id`: `UTC`, `Europe/Berlin`";
            self.error(document, at, "scenario::schedule", message.to_owned());
            return None;
        };
        match CronSchedule::parse(expression, zone) {
            Ok(schedule) => Some(schedule),
            Err(wrong) => {
                let key = match wrong.field {
                    CronField::TimezoneId => "timezone_id",
                    _ => "quartz_cron_expression",
                };
                let problem = document.error("scenario::schedule", &pointer_step(at, key), wrong.to_string());
                self.problems.push(match wrong.hint {
                    Some(hint) => problem.hint(hint),
                    None => problem,
                });
                None
            }
        }
    }

    /// The zone that `time_zone` names, if it does; none where there is no such zone.
    fn zone(&mut self, document: &Document, at: &str, name: Option<&str>) -> Option<Option<Tz>> {
        let Some(name) = name else {
            return Some(None);
        };
        match parse_zone(name) {
            Ok(zone) => Some(Some(zone)),
            Err(wrong) => {
                let at = pointer_step(at, "time_zone");
                let problem = document.error("scenario::schedule", &at, wrong.to_string());
                self.problems.push(problem.hint(wrong.hint));
                None
            }
        }
    }

    fn days(
        &mut self,
        document: &Document,
        at: &str,
        weekly: Option<&[String]>,
        on: Option<&str>,
    ) -> Option<Days> {
        match (weekly, on) {
            (Some(days), None) => {
                let days: Option<Vec<_>> = days.iter().map(|d| parse_weekday(d)).collect();
                days.map(Days::Weekly)
            }
            (None, Some(date)) => match NaiveDate::parse_from_str(date, "%Y-%m-%d") {
                Ok(date) => Some(Days::On(date)),
                Err(_) => {
                    let message = format!("`{date}` is not a date; expected the form `2026-10-01`");
                    self.error(document, &pointer_step(at, "on"), "scenario::date", message);
                    None
                }
            },
            _ => {
                let message = "expected exactly one of `days` (every week) and `on` (once)".to_owned();
                self.error(document, at, "scenario::schedule", message);
                None
            }
        }
    }

    fn time(&mut self, document: &Document, at: &str, text: &str) -> Option<NaiveTime> {
        let time = parse_time_of_day(text);
        if time.is_none() {
            let message = format!("`{text}` is not a time of day; expected the form `02:00`");
            self.error(document, at, "scenario::time", message);
        }
        time
    }
}
