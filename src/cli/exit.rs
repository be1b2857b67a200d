//! Exit codes and the two streams: results on stdout, diagnostics on stderr.

use std::io::Write;
use std::process::ExitCode;

use crate::model::diagnostic::Diagnostics;

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

/// Prints a result. A reader that went away (`| head`) is not an error of ours.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
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
        .map_err(|e| not_written(&e))
}

/// `value` as JSON on one line.
///
/// # Errors
/// `output::json`.
pub(super) fn json_line(value: &impl serde::Serialize) -> Result<String, Diagnostics> {
    serde_json::to_string(value)
        .map(|text| text + "\n")
        .map_err(|e| not_written(&e))
}

fn not_written(error: &serde_json::Error) -> Diagnostics {
    crate::model::diagnostic::Diagnostic::error("output::json", "stdout", error.to_string()).into()
}
