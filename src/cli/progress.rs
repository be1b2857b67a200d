//! Progress of long work: a bar on a terminal, silent when piped.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

use crate::ops::ingest;
use crate::ops::simulate::Step;

/// A bar of a known length, on stderr.
pub(super) fn bar(what: &'static str, length: u64) -> ProgressBar {
    shown(what, Some(length), "{msg:>12} [{bar:30}] {percent:>3}%")
}

/// A count of what nobody knows the number of, on stderr.
fn count(what: &'static str) -> ProgressBar {
    shown(what, None, "{msg:>12} {pos}")
}

fn shown(what: &'static str, length: Option<u64>, template: &str) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(length, target).with_message(what);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The bars of long work, one after the other.
#[derive(Default)]
pub(super) struct Bars {
    current: Option<(&'static str, ProgressBar)>,
}

impl Bars {
    /// Shows a step of a simulation.
    pub fn show(&mut self, step: Step) {
        match step {
            Step::Judged(done, all) => self.step("judging", done, Some(all)),
            Step::Lived(done, all) => self.step("living", done, Some(all)),
        }
    }

    /// Shows a step of a telling.
    pub fn show_ingest(&mut self, step: ingest::Step) {
        match step {
            ingest::Step::Read(rows) => self.step("reading", rows, None),
            ingest::Step::Billed(done, all) => self.step("billing", done, Some(all)),
        }
    }

    fn step(&mut self, what: &'static str, done: u64, all: Option<u64>) {
        match &self.current {
            Some((shown, bar)) if *shown == what => bar.set_position(done),
            _ => {
                self.finish();
                let bar = all.map_or_else(|| count(what), |all| bar(what, all));
                bar.set_position(done);
                self.current = Some((what, bar));
            }
        }
    }

    /// Clears the last bar.
    pub fn finish(&mut self) {
        if let Some((_, bar)) = self.current.take() {
            bar.finish_and_clear();
        }
    }
}
