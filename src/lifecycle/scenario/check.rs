//! From the form to a scenario: what a schema cannot say is checked here, all of it before anything is told.

use chrono::{NaiveDate, NaiveTime};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;

use super::form::{ClusterForm, JobForm, Main, Part, PoolForm, ScheduleForm, SessionForm};
use super::{ClusterPlan, JobPlan, Scenario, ScenarioPool};
use crate::lifecycle::between::Between;
use crate::lifecycle::schedule::{Afterwards, Days, RunSchedule, Session, parse_time_of_day, parse_weekday};
use crate::lifecycle::simulation::{Life, Runs, Timing};
use crate::model::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::model::document::{Document, pointer_step};
use crate::model::period::{Instant, Period, SECONDS_PER_DAY, parse_instant, rfc3339};
use crate::model::suggest::hint;

/// A scenario simulates at most a leap year.
const MAX_DAYS: i64 = 366;

/// Reads documents that fit the schema.
pub(super) fn read(main: &Document, includes: &[Document]) -> Result<Scenario, Diagnostics> {
    let form: Main = form(main)?;
    let mut parts = vec![(main, self::form::<Part>(main)?)];
    for include in includes {
        parts.push((include, self::form(include)?));
    }
    let mut checker = Checker::new(main, &form);
    checker.names(
        main,
        "/workspaces",
        form.workspaces.iter().map(|w| w.name.as_str()),
        "workspace",
    );
    let timing = checker.timing(main, &form);
    let mut pools = Vec::new();
    for (document, part) in &mut parts {
        for (i, pool) in std::mem::take(&mut part.pools).into_iter().enumerate() {
            pools.extend(checker.pool(document, &format!("/pools/{i}"), pool));
        }
    }
    checker.pools = pools
        .iter()
        .map(|p| (p.workspace.clone(), p.pool.instance_pool_id.clone()))
        .collect();
    let (mut clusters, mut jobs) = (Vec::new(), Vec::new());
    for (document, part) in parts {
        for (i, cluster) in part.clusters.into_iter().enumerate() {
            clusters.extend(checker.cluster(document, &format!("/clusters/{i}"), cluster));
        }
        for (i, job) in part.jobs.into_iter().enumerate() {
            jobs.extend(checker.job(document, &format!("/jobs/{i}"), job));
        }
    }
    let Checker { period, problems, .. } = checker;
    let found = Diagnostics(problems).sorted();
    match period {
        Some(period) if !found.has_errors() => Ok(Scenario {
            name: form.scenario,
            seed: form.seed,
            period,
            team_tag: form.team_tag,
            prices: form.prices,
            policies: form.policies,
            timing,
            workspaces: form.workspaces,
            pools,
            clusters,
            jobs,
            warnings: found,
        }),
        _ => Err(found),
    }
}

/// The form of a document that fits the schema; the schema leaves only numbers out of range.
fn form<T: DeserializeOwned>(document: &Document) -> Result<T, Diagnostics> {
    serde_json::from_value(document.value.clone())
        .map_err(|e| document.error("scenario::schema", "", e.to_string()).into())
}

struct Checker {
    period: Option<Period>,
    workspaces: BTreeSet<String>,
    /// Workspace and id.
    pools: BTreeSet<(String, String)>,
    /// Kind and name of what has been read.
    named: BTreeSet<(&'static str, String)>,
    problems: Vec<Diagnostic>,
}

impl Checker {
    fn new(document: &Document, form: &Main) -> Checker {
        let mut checker = Checker {
            period: None,
            workspaces: form.workspaces.iter().map(|w| w.name.clone()).collect(),
            pools: BTreeSet::new(),
            named: BTreeSet::new(),
            problems: Vec::new(),
        };
        checker.period = checker.read_period(document, form);
        checker
    }

    fn read_period(&mut self, document: &Document, form: &Main) -> Option<Period> {
        let start = self.instant(document, "/period/start", &form.period.start);
        let end = self.instant(document, "/period/end", &form.period.end);
        let (start, end) = (start?, end?);
        let period = Period::new(start, end);
        match period {
            None => {
                let message = format!(
                    "ends {}, expected after its start, {}",
                    rfc3339(end),
                    rfc3339(start)
                );
                self.error(document, "/period/end", "scenario::period", message);
            }
            Some(period) if period.seconds() > MAX_DAYS.saturating_mul(SECONDS_PER_DAY) => {
                let days = period.seconds().div_euclid(SECONDS_PER_DAY);
                let message = format!("{days} days long, expected at most {MAX_DAYS}");
                self.error(document, "/period/end", "scenario::period", message);
            }
            Some(_) => {}
        }
        period
    }

    fn timing(&mut self, document: &Document, form: &Main) -> Timing {
        let usual = Timing::default();
        let mut read = |given: Option<Between>, name: &str, usual: Between| {
            let at = format!("/timing/{name}");
            given.map_or(usual, |range| self.range(document, &at, range))
        };
        let form = &form.timing;
        Timing {
            cold_start_seconds: read(
                form.cold_start_seconds,
                "cold_start_seconds",
                usual.cold_start_seconds,
            ),
            warm_start_seconds: read(
                form.warm_start_seconds,
                "warm_start_seconds",
                usual.warm_start_seconds,
            ),
            termination_seconds: read(
                form.termination_seconds,
                "termination_seconds",
                usual.termination_seconds,
            ),
        }
    }

    fn pool(&mut self, document: &Document, at: &str, form: PoolForm) -> Option<ScenarioPool> {
        let PoolForm {
            workspace,
            mut fields,
        } = form;
        self.workspace(document, at, &workspace);
        let id = fields
            .get("instance_pool_id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        self.name(document, &pointer_step(at, "instance_pool_id"), &id, "pool");
        fields.entry("instance_pool_name").or_insert(Value::String(id));
        match serde_json::from_value(Value::Object(fields)) {
            Ok(pool) => Some(ScenarioPool { workspace, pool }),
            Err(e) => {
                self.error(document, at, "scenario::schema", e.to_string());
                None
            }
        }
    }

    fn cluster(&mut self, document: &Document, at: &str, form: ClusterForm) -> Option<ClusterPlan> {
        self.name(document, &pointer_step(at, "name"), &form.name, "cluster");
        self.workspace(document, at, &form.workspace);
        let request_at = pointer_step(at, "request");
        self.pools_named(document, &request_at, &form.workspace);
        let life = self.life(document, at, &form);
        let mut request = document.part(&request_at)?;
        if let Value::Object(body) = &mut request.value {
            body.entry("cluster_name")
                .or_insert_with(|| Value::String(form.name.clone()));
        }
        Some(ClusterPlan {
            name: form.name,
            workspace: form.workspace,
            principal: form.principal,
            policy: form.policy,
            request,
            life: life?,
        })
    }

    fn life(&mut self, document: &Document, at: &str, form: &ClusterForm) -> Option<Life> {
        let create_pointer = pointer_step(at, "create_at");
        let create_at = self.instant(document, &create_pointer, &form.create_at);
        self.inside(document, &create_pointer, create_at);
        let end_pointer = pointer_step(at, "terminate_at");
        let terminate_at = form
            .terminate_at
            .as_ref()
            .map(|end| self.instant(document, &end_pointer, end));
        self.inside(document, &end_pointer, terminate_at.flatten());
        if let (Some(create_at), Some(Some(end))) = (create_at, terminate_at)
            && end <= create_at
        {
            let message = format!(
                "found {}, expected after `create_at`, {}",
                rfc3339(end),
                rfc3339(create_at)
            );
            self.error(document, &end_pointer, "scenario::order", message);
        }
        let mut sessions = Vec::with_capacity(form.sessions.len());
        for (i, session) in form.sessions.iter().enumerate() {
            let session_at = format!("{at}/sessions/{i}");
            let read = self.session(document, &session_at, session);
            let life = create_at.zip(self.period).and_then(|(create_at, period)| {
                Period::new(create_at, terminate_at.flatten().unwrap_or(period.end))
            });
            if let (Some(read), Some(life)) = (&read, life)
                && read.days.instants(read.start, &life).is_empty()
            {
                let message = "never takes place: no start of it lies within the life of its cluster";
                self.warning(document, &session_at, message);
            }
            sessions.extend(read);
        }
        Some(Life {
            create_at: create_at?,
            sessions,
            terminate_at: terminate_at.flatten(),
        })
    }

    fn session(&mut self, document: &Document, at: &str, form: &SessionForm) -> Option<Session> {
        let days = self.days(document, at, form.days.as_deref(), form.on.as_deref());
        let start = self.time(document, &pointer_step(at, "start"), &form.start);
        let minutes = self.range(document, &pointer_step(at, "minutes"), form.minutes);
        let then = match form.then.as_deref() {
            Some("terminate") => Afterwards::Terminate,
            _ => Afterwards::Idle,
        };
        Some(Session {
            days: days?,
            start: start?,
            minutes,
            then,
        })
    }

    fn job(&mut self, document: &Document, at: &str, form: JobForm) -> Option<JobPlan> {
        self.name(document, &pointer_step(at, "name"), &form.name, "job");
        self.workspace(document, at, &form.workspace);
        let request_at = pointer_step(at, "new_cluster");
        self.pools_named(document, &request_at, &form.workspace);
        let schedule_at = pointer_step(at, "schedule");
        let schedule = self.schedule(document, &schedule_at, &form.schedule);
        let run_minutes = self.range(document, &pointer_step(at, "run_minutes"), form.run_minutes);
        let schedule = schedule?;
        if let Some(period) = self.period
            && schedule.instants(&period).is_empty()
        {
            self.warning(
                document,
                &schedule_at,
                "never takes place: no run is due in the period",
            );
        }
        Some(JobPlan {
            name: form.name,
            workspace: form.workspace,
            principal: form.principal,
            policy: form.policy,
            request: document.part(&request_at)?,
            runs: Runs {
                schedule,
                run_minutes,
            },
        })
    }

    fn schedule(&mut self, document: &Document, at: &str, form: &ScheduleForm) -> Option<RunSchedule> {
        let wrong = |message: &str| document.error("scenario::schedule", at, message);
        match (form.every_minutes, &form.at) {
            (Some(minutes), None) if form.days.is_none() && form.on.is_none() => {
                Some(RunSchedule::Every { minutes })
            }
            (Some(_), _) => {
                self.problems.push(wrong(
                    "`every_minutes` stands alone, without `days`, `on` and `at`",
                ));
                None
            }
            (None, None) => {
                let problem = wrong("says no time: expected `at` with `days` or `on`, or `every_minutes`");
                self.problems.push(problem);
                None
            }
            (None, Some(time)) => {
                let days = self.days(document, at, form.days.as_deref(), form.on.as_deref());
                let time = self.time(document, &pointer_step(at, "at"), time);
                Some(RunSchedule::Days {
                    days: days?,
                    at: time?,
                })
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
            let message = format!("`{text}` is not a time of day; expected the form `02:00`, in UTC");
            self.error(document, at, "scenario::time", message);
        }
        time
    }

    fn instant(&mut self, document: &Document, at: &str, text: &str) -> Option<Instant> {
        match parse_instant(text) {
            Ok(instant) => Some(instant),
            Err(e) => {
                self.error(document, at, "scenario::instant", e.to_string());
                None
            }
        }
    }

    fn inside(&mut self, document: &Document, at: &str, instant: Option<Instant>) {
        if let (Some(instant), Some(period)) = (instant, self.period)
            && !period.contains(instant)
        {
            let message = format!("{} lies outside the period {period}", rfc3339(instant));
            self.error(document, at, "scenario::outside-period", message);
        }
    }

    fn range(&mut self, document: &Document, at: &str, range: Between) -> Between {
        if range.min > range.max {
            let message = format!(
                "`min` is {}, expected at most `max`, which is {}",
                range.min, range.max
            );
            self.error(document, at, "scenario::range", message);
        }
        range
    }

    fn names<'a>(
        &mut self,
        document: &Document,
        at: &str,
        names: impl Iterator<Item = &'a str>,
        kind: &'static str,
    ) {
        for (i, name) in names.enumerate() {
            self.name(document, &format!("{at}/{i}/name"), name, kind);
        }
    }

    fn name(&mut self, document: &Document, at: &str, name: &str, kind: &'static str) {
        if !self.named.insert((kind, name.to_owned())) {
            let message = format!("there is already a {kind} `{name}`");
            self.error(document, at, "scenario::duplicate", message);
        }
    }

    fn workspace(&mut self, document: &Document, at: &str, name: &str) {
        if self.workspaces.contains(name) {
            return;
        }
        let at = pointer_step(at, "workspace");
        let problem = document.error(
            "scenario::unknown-workspace",
            &at,
            format!("there is no workspace `{name}`"),
        );
        let known = self.workspaces.iter().map(String::as_str);
        self.problems.push(hinted(problem, name, known));
    }

    fn pools_named(&mut self, document: &Document, request_at: &str, workspace: &str) {
        for key in ["instance_pool_id", "driver_instance_pool_id"] {
            let at = pointer_step(request_at, key);
            let Some(id) = document.value.pointer(&at).and_then(Value::as_str) else {
                continue;
            };
            if !self.pools.contains(&(workspace.to_owned(), id.to_owned())) {
                let message = format!("workspace `{workspace}` has no pool `{id}`");
                let problem = document.error("scenario::unknown-pool", &at, message);
                let here = self
                    .pools
                    .iter()
                    .filter(|(w, _)| w == workspace)
                    .map(|(_, id)| id.as_str());
                self.problems.push(hinted(problem, id, here));
            }
        }
    }

    fn error(&mut self, document: &Document, at: &str, code: &'static str, message: String) {
        self.problems.push(document.error(code, at, message));
    }

    fn warning(&mut self, document: &Document, at: &str, message: &str) {
        let warning = document.error("scenario::never", at, message);
        self.problems.push(Diagnostic {
            severity: Severity::Warning,
            ..warning
        });
    }
}

/// Adds the nearest name, or all that there are.
fn hinted<'a>(problem: Diagnostic, name: &str, known: impl Iterator<Item = &'a str>) -> Diagnostic {
    let known: Vec<&str> = known.collect();
    if known.is_empty() {
        return problem;
    }
    problem.hint(hint(name, &known, |all| format!("known: {all}")))
}
