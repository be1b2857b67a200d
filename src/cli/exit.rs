//! Exit codes and the two streams: results on stdout, diagnostics on stderr.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::ops::files::not_written;

/// How a command ended. These numbers are API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: allowed, passed, in order.
    InOrder,
    /// 1: denied, a test failed, a check found a fault.
    Fault,
    /// 2: usage, unreadable input, broken configuration.
    CouldNotAnswer,
}

impl Exit {
    /// Of a check that found nothing wrong, or something.
    pub fn of_soundness(is_sound: bool) -> Exit {
        match is_sound {
            true => Exit::InOrder,
            false => Exit::Fault,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::InOrder => 0,
            Exit::Fault => 1,
            Exit::CouldNotAnswer => 2,
        })
    }
}

/// Standard output. A reader that went away (`| head`) is not an error of ours: what it does not take is dropped.
#[derive(Debug)]
pub(super) struct Stdout(io::Stdout);

impl Default for Stdout {
    fn default() -> Stdout {
        Stdout(io::stdout())
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}

/// Whether a result was not written whole.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints a result. Where that fails (a full disk), it is told and the command [`ends`](ended) with 2.
pub(super) fn print(text: &str) {
    let mut out = Stdout::default();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = written
        && !LOST.swap(true, Ordering::Relaxed)
    {
        complain(&not_written("stdout", &error));
    }
}

/// How a command ends that wanted to end so: what was not written whole is no answer.
pub(super) fn ended(exit: Exit) -> Exit {
    match LOST.load(Ordering::Relaxed) {
        true => Exit::CouldNotAnswer,
        false => exit,
    }
}

/// Prints diagnostics.
pub(super) fn complain(problems: &Diagnostics) {
    let mut err = std::io::stderr().lock();
    for problem in &problems.clone().sorted().0 {
        let _ = writeln!(err, "{problem}");
    }
}

/// Prints diagnostics and ends with 2.
pub(super) fn fail(problems: &Diagnostics) -> Exit {
    complain(problems);
    Exit::CouldNotAnswer
}

/// Runs a command that can fail with diagnostics.
pub(super) fn finish(result: Result<Exit, Diagnostics>) -> Exit {
    result.unwrap_or_else(|problems| fail(&problems))
}

/// `value` as pretty JSON with a final line break.
///
/// # Errors
/// `output::json`, which would be a fault of ours.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Diagnostics> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|e| unwritable(&e))
}

/// `value` as JSON on one line.
///
/// # Errors
/// `output::json`.
pub(super) fn json_line(value: &impl serde::Serialize) -> Result<String, Diagnostics> {
    serde_json::to_string(value)
        .map(|text| text + "\n")
        .map_err(|e| unwritable(&e))
}

fn unwritable(error: &serde_json::Error) -> Diagnostics {
    Diagnostic::error("output::json", "stdout", error.to_string()).into()
}
