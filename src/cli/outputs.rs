//! `--format FORMAT[=FILE]`: the forms of a check, on standard output and in files.

use clap::Args;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::context::colour;
use super::exit::Stdout;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::ops::files::{not_written, write_whole};
use crate::report::check::CheckReport;
use crate::report::check::format::{Format, write};
use crate::report::decision::Colour;

/// Forms of a check, and where they go.
#[derive(Debug, Args)]
pub(super) struct OutputFlags {
    /// Output format, with `=FILE` into a file; may be given several times, once without a file: text, json (one object, or
    /// one per line for several requests), json-report (one object of the whole check), sarif, junit, markdown (a comment on
    /// a pull request), github (annotations of a workflow) [default: text]
    #[arg(long = "format", value_name = "FORMAT[=FILE]", value_parser = output)]
    outputs: Vec<Output>,
    /// Print no text where only files are asked for
    #[arg(long, short)]
    quiet: bool,
}

/// A form, and the file it goes to; none is standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Output {
    format: Format,
    file: Option<PathBuf>,
}

fn output(text: &str) -> Result<Output, String> {
    let (format, file) = match text.split_once('=') {
        Some((_, "")) => return Err("expected a file behind `=`".to_owned()),
        Some((format, "-")) => (format, None),
        Some((format, file)) => (format, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format: Format = format.parse().map_err(|e| format!("{e}"))?;
    Ok(Output { format, file })
}

impl OutputFlags {
    /// Makes sure that no output takes the place of another.
    ///
    /// # Errors
    /// `output::twice`.
    pub fn agree(&self) -> Result<(), Diagnostics> {
        for (i, one) in self.outputs.iter().enumerate() {
            let mut earlier = self.outputs.iter().take(i);
            let Some(other) = earlier.find(|other| other.file == one.file) else {
                continue;
            };
            let place = one
                .file
                .as_deref()
                .map_or("standard output".into(), Path::to_string_lossy);
            let message = format!("{} and {} both go to {place}", other.format, one.format);
            return Err(Diagnostic::error("output::twice", "--format", message)
                .hint(format!(
                    "give each a file of its own: --format {}=FILE",
                    one.format
                ))
                .into());
        }
        Ok(())
    }

    /// Writes every form; one file that cannot be written keeps no other from it.
    ///
    /// # Errors
    /// `file::not-written`, of all of them.
    pub fn write(&self, report: &CheckReport<'_>) -> Result<(), Diagnostics> {
        let on_stdout = self.outputs.iter().find(|output| output.file.is_none());
        let format = match on_stdout {
            Some(output) => Some(output.format),
            None => (!self.quiet).then_some(Format::Text),
        };
        let printed = format.map(|format| printed(report, format));
        let in_files = self.outputs.iter().filter_map(|output| {
            let file = output.file.as_deref()?;
            Some(in_file(report, output.format, file))
        });
        let problems: Vec<Diagnostic> = printed
            .into_iter()
            .chain(in_files)
            .filter_map(Result::err)
            .flat_map(|found| found.0)
            .collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Diagnostics(problems)),
        }
    }
}

fn printed(report: &CheckReport<'_>, format: Format) -> Result<(), Diagnostics> {
    buffered(report, format, colour(), Stdout::default()).map_err(|e| not_written("stdout", &e))
}

fn in_file(report: &CheckReport<'_>, format: Format, file: &Path) -> Result<(), Diagnostics> {
    write_whole(file, |to| {
        buffered(report, format, Colour::Never, to).map_err(|e| not_written(&file.display().to_string(), &e))
    })
}

fn buffered(report: &CheckReport<'_>, format: Format, colour: Colour, to: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(to);
    write(report, format, colour, &mut out)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_a_file() {
        let read = |text: &str| output(text).map(|o| (o.format, o.file));
        assert_eq!(read("text"), Ok((Format::Text, None)));
        assert_eq!(read("json=-"), Ok((Format::Json, None)));
        assert_eq!(
            read("sarif=a=b.json"),
            Ok((Format::Sarif, Some("a=b.json".into())))
        );
        assert!(read("junit=").is_err() && read("yaml").unwrap_err().contains("expected one of text, json,"));
    }
}
