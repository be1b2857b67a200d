//! For how many hours a month something runs: what the usage file says, what a schedule says, or an assumption that is
//! told.

use rust_decimal::Decimal;

use crate::intake::requests::schedule::Schedule;
use crate::intake::requests::usage_file::{Named, UsageFile};
use crate::lifecycle::schedule::RunSchedule;
use crate::lifecycle::schedule::cron::CronSchedule;
use crate::model::exact::decimal_text;
use crate::model::period::Month;
use crate::model::resource::Kind;

/// Hours a month, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningHours {
    /// None where nobody says.
    pub per_month: Option<Decimal>,
    /// In words, for whoever reads the report.
    pub from: String,
}

/// Most decimal places of hours: a run of 50 minutes has no end of them.
const PLACES: u32 = 6;

/// The hours of a resource in a month.
pub fn hours(usage: &UsageFile, of: &Named<'_>, schedule: Option<&Schedule>, month: Month) -> RunningHours {
    let told = usage.told(of);
    if let Some(hours) = told.hours_per_month {
        return RunningHours {
            per_month: Some(hours),
            from: "usage file".to_owned(),
        };
    }
    if schedule.is_some_and(|s| s.paused) && told.runs_per_month.is_none() {
        return RunningHours {
            per_month: Some(Decimal::ZERO),
            from: "its schedule is paused".to_owned(),
        };
    }
    if schedule.is_some_and(|s| s.continuous) {
        return always(month, "runs always");
    }
    let scheduled = schedule.and_then(|schedule| runs(schedule, month));
    let runs = match (told.runs_per_month, scheduled) {
        (Some(told), _) => Some((told, "usage file".to_owned())),
        (None, Some(runs)) => Some((runs, format!("schedule in {month}"))),
        (None, None) => None,
    };
    match (runs, told.minutes_per_run, of.kind) {
        (Some((runs, from)), Some(minutes), _) => {
            let at_once = schedule.and_then(|s| s.max_concurrent_runs).unwrap_or(1);
            let runs_told = format!("{} runs of {} minutes", decimal_text(runs), decimal_text(minutes));
            match (product(runs, minutes), most(month, at_once)) {
                (Some(hours), Some(most)) if hours > most => RunningHours {
                    per_month: Some(most),
                    from: format!(
                        "{runs_told} are more than a month has, {at_once} at once: {from}, usage file"
                    ),
                },
                (hours, _) => RunningHours {
                    per_month: hours,
                    from: format!("{runs_told}: {from}, usage file"),
                },
            }
        }
        (Some((runs, _)), None, _) => RunningHours {
            per_month: None,
            from: format!("{} runs; nobody says how long one takes", decimal_text(runs)),
        },
        (None, _, Kind::Cluster | Kind::InstancePool | Kind::SqlWarehouse) => {
            always(month, "assumed to run always: the usage file says nothing")
        }
        _ => RunningHours {
            per_month: None,
            from: "nobody says how often and how long it runs".to_owned(),
        },
    }
}

fn always(month: Month, why: &str) -> RunningHours {
    let period = month.period();
    let seconds = period.end.timestamp().saturating_sub(period.start.timestamp());
    RunningHours {
        per_month: Decimal::from(seconds).checked_div(Decimal::from(3600)),
        from: why.to_owned(),
    }
}

/// All hours of a month, so many times over.
fn most(month: Month, at_once: u32) -> Option<Decimal> {
    always(month, "").per_month?.checked_mul(Decimal::from(at_once))
}

/// Runs x minutes / 60, rounded to [`PLACES`].
fn product(runs: Decimal, minutes: Decimal) -> Option<Decimal> {
    let minutes = runs.checked_mul(minutes)?;
    let hours = minutes.checked_div(Decimal::from(60))?;
    Some(hours.round_dp(PLACES).normalize())
}

/// How many runs a schedule has in a month; none where only time will tell, or where it cannot be read.
fn runs(schedule: &Schedule, month: Month) -> Option<Decimal> {
    let period = month.period();
    if let Some(minutes) = schedule.every_minutes {
        let every = RunSchedule::Every { minutes };
        return Some(Decimal::from(every.instants(&period).len()));
    }
    let expression = schedule.quartz_cron_expression.as_deref()?;
    let zone = schedule.timezone_id.as_deref().unwrap_or("UTC");
    let cron = CronSchedule::parse(expression, zone).ok()?;
    Some(Decimal::from(cron.instants(&period).len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(usage: &str, kind: Kind, schedule: Option<Schedule>) -> (Option<String>, String) {
        let usage = UsageFile::read("usage.yaml", usage).unwrap();
        let named = Named {
            address: Some("a"),
            name: None,
            job: None,
            kind,
        };
        let found = hours(&usage, &named, schedule.as_ref(), "2026-10".parse().unwrap());
        (found.per_month.map(decimal_text), found.from)
    }

    fn hours_of(usage: &str, kind: Kind, schedule: Option<Schedule>) -> Option<String> {
        told(usage, kind, schedule).0
    }

    fn nightly() -> Schedule {
        Schedule {
            quartz_cron_expression: Some("0 0 3 * * ?".to_owned()),
            timezone_id: Some("UTC".to_owned()),
            ..Schedule::default()
        }
    }

    #[test]
    fn hours_are_told_scheduled_or_assumed() {
        let hours = |text: &str| Some(text.to_owned());
        // October has 31 nights and 744 hours.
        assert_eq!(
            hours_of("minutes_per_run: 45", Kind::JobCluster, Some(nightly())),
            hours("23.25")
        );
        assert_eq!(
            hours_of("minutes_per_run: 50", Kind::JobCluster, Some(nightly())),
            hours("25.833333")
        );
        assert_eq!(hours_of("{}", Kind::JobCluster, Some(nightly())), None);
        assert_eq!(hours_of("{}", Kind::JobCluster, None), None);
        assert_eq!(
            hours_of(
                "{runs_per_month: 4, minutes_per_run: 30}",
                Kind::TaskCluster,
                None
            ),
            hours("2")
        );
        assert_eq!(hours_of("{}", Kind::Cluster, None), hours("744"));
        assert_eq!(
            hours_of("hours_per_month: 176", Kind::Cluster, None),
            hours("176")
        );
        let paused = Schedule {
            paused: true,
            ..nightly()
        };
        assert_eq!(
            hours_of("minutes_per_run: 45", Kind::JobCluster, Some(paused)),
            hours("0")
        );
        let always = Schedule {
            continuous: true,
            ..Schedule::default()
        };
        assert_eq!(hours_of("{}", Kind::JobCluster, Some(always)), hours("744"));
        let busy = Schedule {
            quartz_cron_expression: Some("0 * * * * ?".to_owned()),
            timezone_id: Some("UTC".to_owned()),
            ..Schedule::default()
        };
        // A run each minute for ten minutes, one at a time: the cluster is always there, and no more.
        assert_eq!(
            hours_of("minutes_per_run: 10", Kind::JobCluster, Some(busy)),
            hours("744")
        );
        let every = Schedule {
            every_minutes: Some(1440),
            ..Schedule::default()
        };
        assert_eq!(
            told("minutes_per_run: 60", Kind::JobCluster, Some(every)),
            (
                hours("31"),
                "31 runs of 60 minutes: schedule in 2026-10, usage file".to_owned()
            )
        );
    }
}
