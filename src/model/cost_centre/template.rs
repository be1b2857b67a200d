//! Templates: a cost centre by its name, or made of what a field says.

use std::fmt;
use std::str::FromStr;

use super::field::{Asked, Field, NotAField};

/// `data-platform`, `{tag.team}`, `ws-{workspace}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Field),
}

/// A text that is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotATemplate {
    /// It names nobody.
    #[error("it names nobody")]
    Empty,
    /// A brace without the other.
    #[error("`{0}` has a brace without the other; braces stand around a field, as in `{{tag.team}}`")]
    Brace(String),
    /// Something in braces that is no field.
    #[error(transparent)]
    Field(#[from] NotAField),
}

impl Template {
    /// The name; none where something that it is made of is not there.
    pub fn fill(&self, asked: &Asked<'_>) -> Option<String> {
        self.0.iter().try_fold(String::new(), |name, part| {
            Some(match part {
                Part::Text(text) => name + text,
                Part::Value(field) => name + asked.value(field)?,
            })
        })
    }

    /// What it is made of.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Value(field) => Some(field),
        })
    }
}

impl FromStr for Template {
    type Err = NotATemplate;
    fn from_str(text: &str) -> Result<Template, NotATemplate> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NotATemplate::Empty);
        }
        let brace = || NotATemplate::Brace(text.to_owned());
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or_else(brace)?;
            if before.contains('}') || name.contains('{') {
                return Err(brace());
            }
            parts.extend((!before.is_empty()).then(|| Part::Text(before.to_owned())));
            parts.push(Part::Value(name.trim().parse()?));
            rest = behind;
        }
        if rest.contains('}') {
            return Err(brace());
        }
        parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
        Ok(Template(parts))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Value(field) => write!(f, "{{{field}}}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_read_back_what_they_show() {
        for text in ["etl", "{tag.team}", "a-{workspace}-{tag.x y}", "{owner}{pool}"] {
            assert_eq!(text.parse::<Template>().unwrap().to_string(), text);
        }
        assert_eq!(" ".parse::<Template>(), Err(NotATemplate::Empty));
        for wrong in ["{", "a}", "{tag.a", "}{owner}", "{a{owner}}"] {
            assert!(
                matches!(wrong.parse::<Template>(), Err(NotATemplate::Brace(_))),
                "{wrong}"
            );
        }
        for wrong in ["{}", "{team}", "{tag.}"] {
            assert!(
                matches!(wrong.parse::<Template>(), Err(NotATemplate::Field(_))),
                "{wrong}"
            );
        }
    }
}
