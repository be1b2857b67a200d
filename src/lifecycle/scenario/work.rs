//! Reading work: the driver's part and its stages.

use super::check::Checker;
use super::form::{AfterForm, StageForm, WorkForm};
use crate::lifecycle::between::Between;
use crate::lifecycle::workload::{Stage, Work};
use crate::model::document::{Document, pointer_step};

impl Checker<'_> {
    /// Work. Where something is wrong with it, the problem is noted and nothing comes of it.
    pub(super) fn work(&mut self, document: &Document, at: &str, form: &WorkForm) -> Option<Work> {
        let driver_at = pointer_step(at, "driver_seconds");
        let driver = form.driver_seconds.unwrap_or(Between::exactly(0));
        let driver_seconds = self.range(document, &driver_at, driver);
        let before = self.problems.len();
        let mut stages: Vec<Stage> = Vec::with_capacity(form.stages.len());
        let mut names: Vec<Option<&str>> = Vec::with_capacity(form.stages.len());
        for (i, stage) in form.stages.iter().enumerate() {
            let at = format!("{at}/stages/{i}");
            if let Some(name) = stage.name.as_deref()
                && names.contains(&Some(name))
            {
                self.duplicate(document, &pointer_step(&at, "name"), "stage", name);
            }
            let after = self.after(document, &at, stage, (&names, stages.last()));
            let range = self.range(document, &pointer_step(&at, "task_seconds"), stage.task_seconds);
            names.push(stage.name.as_deref());
            stages.push(Stage {
                tasks: stage.tasks,
                task_seconds: range,
                after,
                remote_percent: stage.remote_percent,
                disk_mb_per_task: stage.disk_mb_per_task,
            });
        }
        (self.problems.len() == before).then_some(Work {
            driver_seconds,
            stages,
        })
    }

    /// Which stages must have ended. Without a word it is the one before.
    fn after(
        &mut self,
        document: &Document,
        at: &str,
        form: &StageForm,
        (names, previous): (&[Option<&str>], Option<&Stage>),
    ) -> Vec<usize> {
        let Some(given) = &form.after else {
            return match (form.with_previous, previous) {
                (true, Some(previous)) => previous.after.clone(),
                (true, None) => {
                    let message = "there is no stage before this one".to_owned();
                    self.error(
                        document,
                        &pointer_step(at, "with_previous"),
                        "scenario::order",
                        message,
                    );
                    Vec::new()
                }
                (false, _) => names.len().checked_sub(1).into_iter().collect(),
            };
        };
        if form.with_previous {
            let message = "found `after` and `with_previous`, expected one of them at most".to_owned();
            self.error(document, at, "scenario::one-of", message);
        }
        let mut after = Vec::with_capacity(given.len());
        for (i, stage) in given.iter().enumerate() {
            let found = match stage {
                AfterForm::Index(index) => Some(*index).filter(|index| *index < names.len()),
                AfterForm::Name(name) => names.iter().position(|n| *n == Some(name.as_str())),
            };
            match found {
                Some(index) => after.push(index),
                None => {
                    let name = match stage {
                        AfterForm::Index(index) => index.to_string(),
                        AfterForm::Name(name) => name.clone(),
                    };
                    let message = format!("there is no stage `{name}` before this one");
                    let known = names.iter().copied().flatten();
                    self.unknown(document, &format!("{at}/after/{i}"), (&name, message), known);
                }
            }
        }
        after.sort_unstable();
        after.dedup();
        after
    }
}
