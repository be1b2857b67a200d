//! The members of one JSON object of a text, read by name.

use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Spot;
use crate::model::diagnostic::Diagnostic;
use crate::model::exact::parse_json_number;
use crate::model::json_text::{JsonText, members};

/// The members of an object.
pub(super) struct Fields<'a> {
    members: BTreeMap<String, &'a RawValue>,
    /// Where the object stands.
    pub spot: Spot,
}

impl<'a> Fields<'a> {
    /// The members of a value at a path.
    ///
    /// # Errors
    /// `price::row` where it is no object.
    pub fn read(
        text: &JsonText<'a>,
        source: &Arc<str>,
        value: &'a RawValue,
        path: String,
    ) -> Result<Fields<'a>, Diagnostic> {
        let spot = Spot {
            source: Arc::clone(source),
            line: text.line_of(value.get()),
            path,
        };
        match members(value) {
            Some(members) => Ok(Fields { members, spot }),
            None => Err(spot.error("price::row", "expected an object")),
        }
    }

    /// A member that is there and not null.
    pub fn value(&self, name: &str) -> Option<&'a RawValue> {
        self.members.get(name).copied().filter(|v| v.get() != "null")
    }

    /// A text, none where it is missing, null or empty.
    ///
    /// # Errors
    /// `price::row` where it is something else.
    pub fn text(&self, name: &str) -> Result<Option<String>, Diagnostic> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match serde_json::from_str::<String>(value.get()) {
            Ok(text) => Ok(Some(text).filter(|t| !t.is_empty())),
            Err(_) => Err(self.wrong(name, "a text")),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// `price::row`.
    pub fn needed(&self, name: &str) -> Result<String, Diagnostic> {
        self.text(name)?
            .ok_or_else(|| self.spot.error("price::row", format!("`{name}` is missing")))
    }

    /// A number, as its text has it.
    ///
    /// # Errors
    /// `price::row` where it is no number, `price::number` where it cannot be held exactly.
    pub fn number(&self, name: &str) -> Result<Option<Decimal>, Diagnostic> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        if !value.get().starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Err(self.wrong(name, "a number"));
        }
        let read = parse_json_number(value.get());
        read.map(Some)
            .map_err(|e| self.spot.error("price::number", format!("`{name}`: {e}")))
    }

    /// An object that must be there.
    ///
    /// # Errors
    /// `price::row`.
    pub fn inner(&self, text: &JsonText<'a>, name: &str) -> Result<Fields<'a>, Diagnostic> {
        let value = self.value(name).ok_or_else(|| {
            let message = format!("`{name}` is missing");
            self.spot.error("price::row", message)
        })?;
        let path = format!("{}.{name}", self.spot.path);
        Fields::read(text, &self.spot.source, value, path)
    }

    /// A list of texts; empty where it is missing.
    ///
    /// # Errors
    /// `price::row` where it is something else.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Diagnostic> {
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(value) => serde_json::from_str(value.get()).map_err(|_| self.wrong(name, "a list of texts")),
        }
    }

    fn wrong(&self, name: &str, expected: &str) -> Diagnostic {
        self.spot
            .error("price::row", format!("`{name}` is not {expected}"))
    }
}
