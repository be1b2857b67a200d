//! Reading all-purpose clusters: what is asked of them, and when they are used.

use std::sync::Arc;

use serde_json::Value;

use super::check::Checker;
use super::form::{ClusterForm, CommandForm, CommandsForm, ResizeForm, SessionForm};
use super::{ClusterPlan, CommandPlan};
use crate::lifecycle::between::Between;
use crate::lifecycle::simulation::Command;
use crate::lifecycle::workload::{Activity, Afterwards, BusyKind, Session};
use crate::model::document::{Document, pointer_step};
use crate::model::period::{Instant, Period, rfc3339};

impl Checker<'_> {
    pub(super) fn cluster(
        &mut self,
        document: &Document,
        at: &str,
        form: ClusterForm,
    ) -> Option<ClusterPlan> {
        self.name(document, &pointer_step(at, "name"), &form.name, "cluster");
        self.workspace(document, at, &form.workspace);
        self.principal(document, at, &form.principal);
        let request_at = pointer_step(at, "request");
        self.pools_named(document, &request_at, &form.workspace);
        let create_at = self.instant_inside(document, &pointer_step(at, "create_at"), &form.create_at);
        let end = self.end(document, at, &form, create_at);
        let commands = self.commands(document, at, &form, (create_at, end));
        let life = create_at
            .zip(self.period)
            .and_then(|(create_at, period)| Period::new(create_at, end.unwrap_or(period.end)));
        let mut sessions = Vec::with_capacity(form.sessions.len());
        for (i, session) in form.sessions.iter().enumerate() {
            let session_at = format!("{at}/sessions/{i}");
            let read = self.session(document, &session_at, session);
            if let (Some(read), Some(life)) = (&read, life)
                && read.times.instants(&life).is_empty()
            {
                let message = "never takes place: no start of it lies within the life of its cluster";
                self.warning(document, &session_at, message);
            }
            sessions.extend(read);
        }
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
            create_at: create_at?,
            commands,
            sessions,
        })
    }

    /// When its user terminates a cluster for good.
    fn end(
        &mut self,
        document: &Document,
        at: &str,
        form: &ClusterForm,
        create_at: Option<Instant>,
    ) -> Option<Instant> {
        let at = pointer_step(at, "terminate_at");
        let end = self.instant_inside(document, &at, form.terminate_at.as_ref()?)?;
        if let Some(create_at) = create_at
            && end <= create_at
        {
            self.too_early(document, &at, end, create_at);
        }
        Some(end)
    }

    /// What is asked of a cluster in order of time; of one instant, as written, its end last.
    fn commands(
        &mut self,
        document: &Document,
        at: &str,
        form: &ClusterForm,
        (create_at, end): (Option<Instant>, Option<Instant>),
    ) -> Vec<(Instant, CommandPlan)> {
        let mut commands = Vec::with_capacity(form.commands.len().saturating_add(1));
        for (i, command) in form.commands.iter().enumerate() {
            let command_at = format!("{at}/commands/{i}");
            let pointer = pointer_step(&command_at, "at");
            let when = self.instant_inside(document, &pointer, &command.at);
            if let (Some(when), Some(create_at)) = (when, create_at)
                && when < create_at
            {
                self.too_early(document, &pointer, when, create_at);
            }
            if when.zip(end).is_some_and(|(when, end)| when > end) {
                self.warning(
                    document,
                    &command_at,
                    "never takes place: its cluster is terminated for good before",
                );
            }
            let what = self.command(document, &command_at, command, &form.workspace);
            commands.extend(when.zip(what));
        }
        commands.extend(end.map(|end| (end, CommandPlan::Plain(Command::Retire))));
        commands.sort_by_key(|(when, _)| *when);
        commands
    }

    fn command(
        &mut self,
        document: &Document,
        at: &str,
        form: &CommandForm,
        workspace: &str,
    ) -> Option<CommandPlan> {
        let plain = |name: &String| {
            Some(CommandPlan::Plain(match name.as_str() {
                "start" => Command::Start,
                "restart" => Command::Restart,
                "delete" => Command::Delete,
                "permanent-delete" => Command::PermanentDelete,
                "pin" => Command::Pin,
                "unpin" => Command::Unpin,
                // The schema knows no other.
                _ => return None,
            }))
        };
        let resize = form.resize.as_ref().map(|size| match *size {
            ResizeForm::Fixed(workers) => CommandPlan::Plain(Command::Resize(workers)),
            ResizeForm::Autoscale {
                min_workers,
                max_workers,
            } => {
                if min_workers > max_workers {
                    let message = format!(
                        "`min_workers` is {min_workers}, expected at most `max_workers`, which is {max_workers}"
                    );
                    self.error(document, &pointer_step(at, "resize"), "scenario::range", message);
                }
                CommandPlan::Plain(Command::ResizeAutoscale {
                    min_workers,
                    max_workers,
                })
            }
        });
        let edit_at = pointer_step(at, "edit");
        let edit = form.edit.and_then(|_| document.part(&edit_at));
        if edit.is_some() {
            self.pools_named(document, &edit_at, workspace);
        }
        let choices = [
            ("do", form.what.as_ref().and_then(plain)),
            ("resize", resize),
            ("edit", edit.map(CommandPlan::Edit)),
        ];
        self.exactly_one(document, at, choices)
    }

    fn session(&mut self, document: &Document, at: &str, form: &SessionForm) -> Option<Session> {
        let times = self.session_times(document, at, form);
        let minutes_at = pointer_step(at, "minutes");
        let minutes = form.minutes.map(|range| self.range(document, &minutes_at, range));
        let busy = minutes.map(|minutes| Activity::Busy {
            minutes,
            kind: form.kind.as_deref().map_or_else(BusyKind::default, kind),
        });
        let commands = form.commands.as_ref();
        if commands.is_some() && form.kind.is_some() {
            let message = "says what keeps the driver busy for `minutes`, and stands with them only";
            self.error(
                document,
                &pointer_step(at, "kind"),
                "scenario::one-of",
                message.to_owned(),
            );
        }
        let burst = commands.map(|form| self.burst(document, &pointer_step(at, "commands"), form));
        let activity = self.exactly_one(document, at, [("minutes", busy.map(Some)), ("commands", burst)]);
        Some(Session {
            times: times?,
            activity: activity.flatten()?,
            then: match form.then.as_deref() {
                Some("terminate") => Afterwards::Terminate,
                _ => Afterwards::Idle,
            },
        })
    }

    fn burst(&mut self, document: &Document, at: &str, form: &CommandsForm) -> Option<Activity> {
        let count = self.range(document, &pointer_step(at, "count"), form.count);
        let pause = form.pause_seconds.unwrap_or(Between::exactly(0));
        let pause_seconds = self.range(document, &pointer_step(at, "pause_seconds"), pause);
        Some(Activity::Commands {
            count,
            pause_seconds,
            work: Arc::new(self.work(document, &pointer_step(at, "work"), &form.work)?),
        })
    }

    fn too_early(&mut self, document: &Document, at: &str, found: Instant, create_at: Instant) {
        let message = format!(
            "found {}, expected after `create_at`, {}",
            rfc3339(found),
            rfc3339(create_at)
        );
        self.error(document, at, "scenario::order", message);
    }
}

/// The schema knows no other names.
fn kind(name: &str) -> BusyKind {
    match name {
        "jdbc" => BusyKind::Jdbc,
        "structured_streaming" => BusyKind::StructuredStreaming,
        "dstream" => BusyKind::DStream,
        _ => BusyKind::Command,
    }
}
