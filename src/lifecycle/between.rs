//! A whole number, or a range to draw one from: `42` or `{min: 40, max: 55}`.

use serde::{Deserialize, Serialize};

/// From `min` to `max`, both included. The unit stands in the name of the field that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Form")]
pub struct Between {
    /// Smallest.
    pub min: u32,
    /// Largest; not below the smallest.
    pub max: u32,
}

impl Between {
    /// A range of one number.
    pub fn exactly(number: u32) -> Between {
        Between {
            min: number,
            max: number,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Form {
    Number(u32),
    Range { min: u32, max: u32 },
}

impl From<Form> for Between {
    fn from(form: Form) -> Between {
        match form {
            Form::Number(number) => Between::exactly(number),
            Form::Range { min, max } => Between { min, max },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_is_a_range_of_one() {
        let read = |v| serde_json::from_value::<Between>(v).unwrap();
        assert_eq!(read(json!(42)), Between::exactly(42));
        assert_eq!(read(json!({"min": 1, "max": 3})), Between { min: 1, max: 3 });
    }
}
