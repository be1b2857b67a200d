//! An entry of the plan: one side of it in the shape of the API, and what is wrong with it.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::address::Site;
use super::configuration::Told;
use super::lean;
use super::plan::ResourceChange;
use super::shape::{Shaped, Values};
use super::types::Type;
use crate::databricks::instance_pool::InstancePool;
use crate::intake::requests::instance_pool;
use crate::intake::requests::reading::Reading;
use crate::model::diagnostic::{Diagnostic, json_message};
use crate::model::strict_json::is_twice;

/// A change that is read.
pub struct Entry<'p> {
    /// File, or `-`.
    pub source: &'p str,
    /// Line of the entry.
    pub line: usize,
    /// As Terraform prints it.
    pub address: String,
    /// The type.
    pub kind: Type,
    /// Where it stands.
    pub site: Option<Site>,
    /// The entry.
    pub change: &'p ResourceChange<'p>,
}

/// What a plan marks in the values of a resource.
pub struct Marks<'p> {
    /// `true` where a value is unknown.
    pub unknown: Option<&'p RawValue>,
    /// `true` where a value is sensitive.
    pub sensitive: Option<&'p RawValue>,
    /// What is written.
    pub told: Told<'p>,
}

impl Default for Marks<'_> {
    fn default() -> Self {
        Marks {
            unknown: None,
            sensitive: None,
            told: Told::Nothing,
        }
    }
}

impl Entry<'_> {
    /// The values of one side in the shape of the API; none, and a problem told, where they cannot be read.
    pub fn shaped(&self, values: Option<&RawValue>, marks: &Marks<'_>, into: &mut Reading) -> Option<Shaped> {
        let mut read = |read: Result<Value, serde_json::Error>| match read {
            Ok(value) => Some(value),
            Err(error) => {
                into.problems.0.push(self.unreadable(&error));
                None
            }
        };
        let values = read(lean::values(values))?;
        let unknown = read(lean::marks(marks.unknown))?;
        let sensitive = read(lean::marks(marks.sensitive))?;
        let values = match values {
            Value::Object(values) => values,
            Value::Null => Map::new(),
            _ => {
                let message = "found values that are no object, expected the attributes of the resource";
                into.problems.0.push(self.problem("plan::resource", message));
                return None;
            }
        };
        let values = Values {
            values,
            unknown: &unknown,
            sensitive: &sensitive,
            told: marks.told,
            own: self.kind.own(),
        };
        let mut shaped = values.shaped();
        for path in &shaped.misshapen {
            let message = format!("`{path}` is no list, expected a list of blocks, in which clusters may be");
            let problem = self.problem("plan::resource", message);
            let hint = "print the plan again with `terraform show -json`";
            into.problems.0.push(problem.hint(hint));
        }
        if !shaped.misshapen.is_empty() {
            return None;
        }
        if let Value::Object(body) = &mut shaped.body {
            self.kind.name_id(body);
        }
        Some(shaped)
    }

    /// Something wrong with the resource.
    pub fn problem(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        let found = Diagnostic::error(code, self.source, message).at(self.line, 0);
        found.path(self.address.clone())
    }

    /// The problem of values that cannot be read.
    fn unreadable(&self, error: &serde_json::Error) -> Diagnostic {
        let code = match is_twice(error) {
            true => "request::duplicate-key",
            false => "plan::resource",
        };
        let problem = self.problem(code, json_message(error));
        problem.hint("print the plan again with `terraform show -json`")
    }

    /// There may be clusters that do not show, and whoever asks whether all may be created gets no answer.
    pub fn hidden(&self, path: &str) -> Diagnostic {
        let message =
            format!("`{path}` is unknown until apply, or sensitive: compute that hangs on it is not judged");
        self.problem("plan::hidden", message)
            .hint("give what decides how many clusters there are a value that is known when planning")
    }
}

/// The pool of a resource as it is before, under its id and its address.
pub fn pools_of(entry: &Entry<'_>) -> Vec<InstancePool> {
    let mut ignored = Reading::default();
    let values = entry.change.change.before;
    let shaped = values.and_then(|values| entry.shaped(Some(values), &Marks::default(), &mut ignored));
    let Some(shaped) = shaped else {
        return Vec::new();
    };
    let id = shaped.body.get("instance_pool_id").and_then(Value::as_str);
    let names = id.into_iter().chain([entry.address.as_str()]);
    names
        .filter_map(|name| instance_pool::pool(name, &shaped.body))
        .collect()
}
