//! Progress of long work: a bar on a terminal, silent when piped.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

use crate::ops::simulate::Step;

/// A bar of a known length, on stderr.
pub(super) fn bar(what: &'static str, length: u64) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(length), target).with_message(what);
    match ProgressStyle::with_template("{msg:>12} [{bar:30}] {percent:>3}%") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The bars of a simulation, one after the other.
#[derive(Default)]
pub(super) struct Bars {
    current: Option<(&'static str, ProgressBar)>,
}

impl Bars {
    /// Shows a step.
    pub fn show(&mut self, step: Step) {
        let (what, done, all) = match step {
            Step::Judged(done, all) => ("judging", done, all),
            Step::Lived(done, all) => ("living", done, all),
        };
        match &self.current {
            Some((shown, bar)) if *shown == what => bar.set_position(done),
            _ => {
                self.finish();
                let bar = bar(what, all);
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
