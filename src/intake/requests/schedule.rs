//! When a job runs, as far as its settings say.

use serde_json::Value;

/// What the settings of a job say of its runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    /// `schedule.quartz_cron_expression`.
    pub quartz_cron_expression: Option<String>,
    /// `schedule.timezone_id`.
    pub timezone_id: Option<String>,
    /// `trigger.periodic`, in minutes.
    pub every_minutes: Option<u32>,
    /// The job runs always.
    pub continuous: bool,
    /// Something starts it whose times nobody knows: the arrival of files, updates of tables.
    pub triggered: bool,
    /// `pause_status` is `PAUSED`.
    pub paused: bool,
    /// `max_concurrent_runs`; none where the job does not say, which means one.
    pub max_concurrent_runs: Option<u32>,
}

impl Schedule {
    /// What the settings of a job, as the Jobs API takes them, say of its runs; none where they say nothing.
    pub fn of_job(job: &Value) -> Option<Schedule> {
        let runs = job.get("max_concurrent_runs").and_then(Value::as_u64);
        Some(Schedule {
            max_concurrent_runs: runs.and_then(|runs| u32::try_from(runs).ok()),
            ..Schedule::of_times(job)?
        })
    }

    fn of_times(job: &Value) -> Option<Schedule> {
        let text = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).map(str::to_owned);
        let object = |key: &str| job.get(key).filter(|v| v.is_object());
        let paused = |of: &Value| of.get("pause_status").and_then(Value::as_str) == Some("PAUSED");
        if let Some(schedule) = object("schedule") {
            return Some(Schedule {
                quartz_cron_expression: text(schedule, "quartz_cron_expression"),
                timezone_id: text(schedule, "timezone_id"),
                paused: paused(schedule),
                ..Schedule::default()
            });
        }
        if let Some(continuous) = object("continuous") {
            return Some(Schedule {
                continuous: true,
                paused: paused(continuous),
                ..Schedule::default()
            });
        }
        let trigger = object("trigger")?;
        let every_minutes = trigger.get("periodic").and_then(minutes);
        Some(Schedule {
            every_minutes,
            triggered: every_minutes.is_none(),
            paused: paused(trigger),
            ..Schedule::default()
        })
    }
}

/// `{"interval": 1, "unit": "DAYS"}`.
fn minutes(periodic: &Value) -> Option<u32> {
    let interval = u32::try_from(periodic.get("interval")?.as_u64()?).ok()?;
    let unit = match periodic.get("unit")?.as_str()? {
        "HOURS" => 60,
        "DAYS" => 24 * 60,
        "WEEKS" => 7 * 24 * 60,
        _ => return None,
    };
    interval.checked_mul(unit).filter(|minutes| *minutes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_job_runs_by_the_clock_always_or_when_something_happens() {
        let of = |job: Value| Schedule::of_job(&job);
        let cron = of(
            json!({"schedule": {"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "UTC",
            "pause_status": "PAUSED"}}),
        );
        let cron = cron.unwrap();
        assert_eq!(cron.quartz_cron_expression.as_deref(), Some("0 0 3 * * ?"));
        assert!(cron.paused && !cron.continuous);
        let two_days = of(json!({"trigger": {"periodic": {"interval": 2, "unit": "DAYS"}}})).unwrap();
        assert_eq!((two_days.every_minutes, two_days.triggered), (Some(2880), false));
        assert!(
            of(json!({"trigger": {"file_arrival": {"url": "x"}}}))
                .unwrap()
                .triggered
        );
        assert!(of(json!({"continuous": {}})).unwrap().continuous);
        assert_eq!(of(json!({"name": "by hand", "schedule": null})), None);
    }
}
