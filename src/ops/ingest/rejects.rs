//! Rows that are not billed: what is shown of them, and the file that has all of them.

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::intake::table::Rejected;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::rows::quoted;
use crate::ops::files::{not_written, write_whole};

/// Diagnostics of rows that are kept to be shown. A file in which every row is wrong says so a hundred times, not a million.
const SHOWN: usize = 100;

/// Takes what is wrong with rows.
pub(super) struct Rejects<'w> {
    file: Option<RejectsFile<'w>>,
    shown: Diagnostics,
    of_rows: usize,
    left_out: usize,
}

struct RejectsFile<'w> {
    name: String,
    out: &'w mut dyn Write,
    written: Result<(), Diagnostics>,
}

impl<'w> Rejects<'w> {
    fn new(file: Option<RejectsFile<'w>>) -> Rejects<'w> {
        Rejects {
            file,
            shown: Diagnostics::default(),
            of_rows: 0,
            left_out: 0,
        }
    }

    /// A row that is not billed, or something that is no row.
    pub fn reject(&mut self, rejected: Rejected) {
        if let (Some(file), [first, others @ ..]) = (&mut self.file, rejected.problems.as_slice()) {
            file.write(first, others, rejected.row.as_deref());
        }
        let is_row = rejected.row.is_some();
        for problem in rejected.problems {
            match is_row {
                true => self.show(problem),
                false => self.shown.0.push(problem),
            }
        }
    }

    /// Something to be shown of a row.
    pub fn show(&mut self, problem: Diagnostic) {
        if self.of_rows < SHOWN {
            self.of_rows = self.of_rows.saturating_add(1);
            self.shown.0.push(problem);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// What is shown of a source.
    pub fn shown_of(&self, source: &str) -> Diagnostics {
        let of_source = self.shown.0.iter().filter(|problem| problem.source == source);
        Diagnostics(of_source.cloned().collect())
    }

    fn finish(self) -> Result<Diagnostics, Diagnostics> {
        if let Some(file) = self.file {
            file.written?;
            let written = file.out.flush();
            written.map_err(|error| not_written(&file.name, &error))?;
        }
        let mut shown = self.shown.sorted();
        if let (true, Some(first)) = (self.left_out > 0, shown.0.first()) {
            let message = format!("{} other things are wrong with rows and not shown", self.left_out);
            let last = Diagnostic::warning("usage::more", &first.source, message);
            shown
                .0
                .push(last.hint("--rejects FILE has all rows that are not billed"));
        }
        Ok(shown)
    }
}

impl RejectsFile<'_> {
    /// One object a row: what is wrong first, what else, and the row as it was read.
    fn write(&mut self, first: &Diagnostic, others: &[Diagnostic], row: Option<&str>) {
        if self.written.is_err() {
            return;
        }
        let reason = |problem: &Diagnostic| {
            format!(
                "\"column\":{},\"code\":{},\"reason\":{}",
                quoted(&problem.path),
                quoted(problem.code),
                quoted(&problem.message)
            )
        };
        let more: Vec<String> = others
            .iter()
            .map(|problem| format!("{{{}}}", reason(problem)))
            .collect();
        let line = format!(
            "{{\"file\":{},\"line\":{},{},\"more\":[{}],\"row\":{}}}\n",
            quoted(&first.source),
            first.line,
            reason(first),
            more.join(","),
            row.unwrap_or("null")
        );
        let written = self.out.write_all(line.as_bytes());
        self.written = written.map_err(|error| not_written(&self.name, &error));
    }
}

/// Does work that rejects rows. The file gets one JSON object a line for each of them, and is there whole or not at all (what is no
/// file, as [`write_whole`] has it): where the work cannot be done, there is none. The second part is what is to be shown.
///
/// # Errors
/// What the work says; `file::not-written`.
pub(super) fn with_rejects<T>(
    path: Option<&Path>,
    work: impl FnOnce(&mut Rejects<'_>) -> Result<T, Diagnostics>,
) -> Result<(T, Diagnostics), Diagnostics> {
    let Some(path) = path else {
        let mut none = Rejects::new(None);
        let done = work(&mut none)?;
        return Ok((done, none.finish()?));
    };
    let mut answer = None;
    write_whole(path, |file| {
        let mut out = BufWriter::new(file);
        let mut found = Rejects::new(Some(RejectsFile {
            name: path.display().to_string(),
            out: &mut out,
            written: Ok(()),
        }));
        let done = work(&mut found)?;
        answer = Some((done, found.finish()?));
        Ok(())
    })?;
    // It is written only where there is an answer.
    answer.ok_or_else(|| not_written(&path.display().to_string(), &std::io::ErrorKind::Other.into()))
}
