//! Settings text to a rule, with a JSON pointer for whatever does not fit.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::{Decimal, Pattern, Rule, SettingProblem, decimal};

/// Parses settings and configures a rule with them.
///
/// # Errors
/// The first value that does not fit the settings type, or every problem the rule itself reports.
pub fn configure<R: Rule>(settings: &str) -> Result<R, Vec<SettingProblem>> {
    R::configure(parse(settings).map_err(|problem| vec![problem])?)
}

fn parse<S: DeserializeOwned>(settings: &str) -> Result<S, SettingProblem> {
    let mut deserializer = serde_json::Deserializer::from_str(settings);
    let parsed = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| SettingProblem::new(pointer(error.path()), error.inner().to_string()))?;
    deserializer
        .end()
        .map_err(|error| SettingProblem::new("", error.to_string()))?;
    Ok(parsed)
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

impl SettingProblem {
    /// A problem at a JSON pointer into the settings.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        SettingProblem {
            pointer: pointer.into(),
            message: message.into(),
        }
    }
}

/// Collects what is wrong with settings, so that all of it is reported at once.
#[derive(Default)]
pub struct Problems(Vec<SettingProblem>);

impl Problems {
    /// None yet.
    pub fn new() -> Self {
        Problems::default()
    }

    /// Notes one problem.
    pub fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(SettingProblem::new(pointer, message));
    }

    /// Compiles an anchored pattern, or notes why it does not compile.
    pub fn pattern(&mut self, pointer: &str, text: &str) -> Option<Pattern> {
        match Pattern::new(text) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                self.add(pointer, format!("`{text}` is not a regular expression: {why}"));
                None
            }
        }
    }

    /// Compiles a list of patterns; problems carry the index.
    pub fn patterns(&mut self, pointer: &str, texts: &[String]) -> Vec<Pattern> {
        let compile = |(i, text): (usize, &String)| self.pattern(&format!("{pointer}/{i}"), text);
        texts.iter().enumerate().filter_map(compile).collect()
    }

    /// Reads a decimal written as text, or notes that it is none.
    pub fn decimal(&mut self, pointer: &str, text: Option<&str>) -> Option<Decimal> {
        let text = text?;
        let parsed = decimal::parse(text);
        if parsed.is_none() {
            self.add(pointer, format!("`{text}` is not a decimal number"));
        }
        parsed
    }

    /// Notes a lower bound that stands above its upper bound.
    pub fn ordered<T: PartialOrd + std::fmt::Display>(
        &mut self,
        pointer: &str,
        min: Option<T>,
        max: Option<T>,
    ) {
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            self.add(
                pointer,
                format!("`min` is `{min}`, above `max`, which is `{max}`: nothing would pass"),
            );
        }
    }

    /// Everything noted.
    pub fn into_found(self) -> Vec<SettingProblem> {
        self.0
    }

    /// The rule, unless something was noted.
    ///
    /// # Errors
    /// Everything noted.
    pub fn or<T>(self, rule: T) -> Result<T, Vec<SettingProblem>> {
        if self.0.is_empty() { Ok(rule) } else { Err(self.0) }
    }
}
