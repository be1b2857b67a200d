//! Diagnostics: what is wrong with an input, where, what was expected, what to do.

use serde::Serialize;
use std::fmt;

/// Whether a diagnostic stops the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Could not answer.
    Error,
    /// Answered, but look at this.
    Warning,
}

/// One thing wrong with one place of an input. Codes are stable (`layer::kebab-name`); the prose is not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Diagnostic {
    /// The input: a file, `-` for standard input.
    pub source: String,
    /// Line, from 1; 0 where the input has no lines.
    pub line: usize,
    /// Column in characters, from 1; 0 where unknown.
    pub column: usize,
    /// Path inside the document: `rules.0.settings.first_on_demand`; empty for the whole.
    pub path: String,
    /// Stable code.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// What was found and what was expected; lower case, no final stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error in a source, place to be added.
    pub fn error(code: &'static str, source: impl Into<String>, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            source: source.into(),
            line: 0,
            column: 0,
            path: String::new(),
            code,
            severity: Severity::Error,
            message: message.into(),
            hint: None,
        }
    }

    /// The same as a warning.
    pub fn warning(code: &'static str, source: impl Into<String>, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, source, message)
        }
    }

    /// Adds a line and a column.
    pub fn at(mut self, line: usize, column: usize) -> Diagnostic {
        (self.line, self.column) = (line, column);
        self
    }

    /// Adds the path inside the document.
    pub fn path(mut self, path: impl Into<String>) -> Diagnostic {
        self.path = path.into();
        self
    }

    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(hint.into());
        self
    }
}

/// What is wrong with a JSON text, without the place that serde_json ends its messages with: we show it ourselves.
pub fn json_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(message, _)| message);
    match message {
        "recursion limit exceeded" => "nested too deep, expected at most 127 levels".to_owned(),
        message => message.to_owned(),
    }
}

/// `error[policy::unknown-plugin] etl.yaml:7:13: rules.0.plugin: ...` and the hint on a line of its own.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{word}[{}] {}", self.code, self.source)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        f.write_str(": ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  help: {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything wrong with an input, sorted by place. Never empty when it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Sorted by source and place.
    pub fn sorted(mut self) -> Diagnostics {
        self.0.sort();
        self.0.dedup();
        self
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Diagnostics {
        Diagnostics(vec![one])
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, d) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{d}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_told_in_levels() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        let read = |levels| serde_json::from_str::<serde_json::Value>(&nested(levels));
        assert!(read(127).is_ok());
        let told = json_message(&read(128).unwrap_err());
        assert_eq!(told, "nested too deep, expected at most 127 levels");
        let cut = serde_json::from_str::<serde_json::Value>("[1,").unwrap_err();
        assert_eq!(json_message(&cut), "EOF while parsing a value");
    }
}
