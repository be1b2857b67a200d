//! Settings of a rule with the files that they name read in.
//!
//! `definition_file: definition.json` stands for `definition` with the content of the file, JSON or YAML; and so for any
//! other setting. A plugin reads no file itself.

use serde_json::{Map, Value};
use std::path::Path;

use crate::model::diagnostic::Diagnostic;
use crate::model::document::Document;

/// What the name of a setting that names a file ends with.
const FILE: &str = "_file";

/// Settings as the plugin takes them, and where each part was written.
#[derive(Debug)]
pub(super) struct Settings<'d> {
    /// The policy document.
    pub document: &'d Document,
    /// With files read in.
    pub value: Value,
    /// The setting, and the file that it came from.
    files: Vec<(String, Document)>,
}

/// Reads a file that a policy names, a component or settings, given its path as written.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> std::io::Result<Vec<u8>>;

/// The files that settings name, as written.
pub(super) fn files(settings: &Value) -> impl Iterator<Item = &str> {
    let settings = settings.as_object().into_iter().flatten();
    settings.filter_map(|(key, value)| if key.ends_with(FILE) { value.as_str() } else { None })
}

impl<'d> Settings<'d> {
    /// Reads the files that the settings of rule `i` name.
    ///
    /// # Errors
    /// `policy::settings-file`.
    pub fn read(
        document: &'d Document,
        i: usize,
        written: &Value,
        read: ReadFile<'_>,
    ) -> Result<Settings<'d>, Diagnostic> {
        let mut settings = Settings {
            document,
            value: written.clone(),
            files: Vec::new(),
        };
        let Some(written) = written.as_object().filter(|_| files(written).next().is_some()) else {
            return Ok(settings);
        };
        let mut value = Map::new();
        for (key, given) in written {
            let (Some(name), Some(file)) = (key.strip_suffix(FILE), given.as_str()) else {
                value.insert(key.clone(), given.clone());
                continue;
            };
            let at = format!("/rules/{i}/settings/{key}");
            let content = content(&document.source, file, read)
                .map_err(|why| document.error("policy::settings-file", &at, format!("`{file}` {why}")))?;
            if written.contains_key(name) {
                let message = format!("`{name}` is given already");
                let found = document.error("policy::settings-file", &at, message);
                return Err(found.hint(format!("give `{name}` or `{key}`, not both")));
            }
            value.insert(name.to_owned(), content.value.clone());
            settings.files.push((name.to_owned(), content));
        }
        settings.value = Value::Object(value);
        Ok(settings)
    }

    /// `policy::settings` at a pointer into the settings: in the document, or in the file that the part came from.
    pub fn error(&self, i: usize, pointer: &str, message: String) -> Diagnostic {
        let inside = self.files.iter().find_map(|(name, file)| {
            let rest = pointer.strip_prefix('/')?.strip_prefix(name.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then_some((file, rest))
        });
        match inside {
            Some((file, rest)) => file.error("policy::settings", rest, message),
            None => self.document.error(
                "policy::settings",
                &format!("/rules/{i}/settings{pointer}"),
                message,
            ),
        }
    }
}

/// The content of a file beside a document; its source is named as the document is.
fn content(beside: &str, file: &str, read: ReadFile<'_>) -> Result<Document, String> {
    let bytes = read(file).map_err(|e| format!("cannot be read: {e}"))?;
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8 text".to_owned())?;
    let source = Path::new(beside).parent().unwrap_or(Path::new("")).join(file);
    Document::parse_json_or_yaml(&source.display().to_string(), &text).map_err(|problems| {
        let first = problems.0.into_iter().next();
        first.map_or_else(String::new, |p| {
            format!("is neither JSON nor YAML: line {}: {}", p.line, p.message)
        })
    })
}
