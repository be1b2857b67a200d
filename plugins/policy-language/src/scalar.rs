//! A value as a policy writes it: text, number or boolean.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::{Kind, decimal};

/// A scalar of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// As the definition writes it.
    pub json: Value,
    /// As text: what Databricks' messages quote.
    pub text: String,
    /// The number it reads as, if it is one, whether written as a number or as text.
    pub number: Option<Decimal>,
}

impl Scalar {
    /// A scalar; none for objects, lists and null.
    pub fn read(json: &Value) -> Option<Scalar> {
        let text = match json {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => json.to_string(),
            _ => return None,
        };
        Some(Scalar {
            number: decimal::parse(&text),
            json: json.clone(),
            text,
        })
    }

    /// The JSON that fills in an attribute of this kind: a number for numbers, text for the values of maps.
    pub fn fitting(&self, kind: Kind) -> Value {
        let fitting = match kind {
            Kind::Number => serde_json::from_str(&self.text).ok().filter(Value::is_number),
            Kind::Boolean => self.text.parse().ok().map(Value::Bool),
            Kind::Unknown => Some(self.json.clone()),
            Kind::Text | Kind::MapValue | Kind::RuntimeKey | Kind::SecurityMode => None,
        };
        fitting.unwrap_or_else(|| Value::String(self.text.clone()))
    }

    /// Whether a request's value, as text, is the same value for an attribute of this kind.
    pub fn is(&self, given: &str, kind: Kind) -> bool {
        if self.text == given {
            return true;
        }
        match (kind, self.number) {
            (Kind::Number, Some(number)) => decimal::parse(given) == Some(number),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scalar(json: Value) -> Scalar {
        Scalar::read(&json).unwrap()
    }

    #[test]
    fn numbers_are_numbers_only_where_the_attribute_is_one() {
        assert!(scalar(json!(-1)).is("-1.0", Kind::Number));
        assert!(scalar(json!("30")).is("30", Kind::Number));
        assert!(!scalar(json!(1)).is("1.0", Kind::MapValue));
        assert!(scalar(json!(true)).is("true", Kind::MapValue));
        assert!(!scalar(json!("4.0")).is(" 4.0", Kind::Text));
    }

    #[test]
    fn what_is_filled_in_has_the_attributes_type() {
        assert_eq!(scalar(json!("4")).fitting(Kind::Number), json!(4));
        assert_eq!(scalar(json!("true")).fitting(Kind::Boolean), json!(true));
        assert_eq!(scalar(json!(true)).fitting(Kind::MapValue), json!("true"));
        assert_eq!(scalar(json!("many")).fitting(Kind::Number), json!("many"));
        assert_eq!(Scalar::read(&json!([1])), None);
    }
}
