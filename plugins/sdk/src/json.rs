//! JSON text, written: for the members of verdicts that cross the contract as text.

use rust_decimal::Decimal;

use crate::Value;

/// What can be written as JSON.
pub trait ToJson {
    /// Appends the JSON text of this value.
    fn write(&self, out: &mut String);

    /// The JSON text of this value.
    fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

impl ToJson for str {
    fn write(&self, out: &mut String) {
        out.reserve(self.len() + 2);
        out.push('"');
        for c in self.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                c if c < ' ' => {
                    const HEX: [char; 16] = [
                        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
                    ];
                    out.push_str("\\u00");
                    out.extend(HEX.get(c as usize >> 4));
                    out.extend(HEX.get(c as usize & 15));
                }
                c => out.push(c),
            }
        }
        out.push('"');
    }
}

impl ToJson for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl ToJson for i64 {
    fn write(&self, out: &mut String) {
        out.push_str(&self.to_string());
    }
}

impl ToJson for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

/// Decimals are written as text: money and DBU never pass through a JSON number.
impl ToJson for Decimal {
    fn write(&self, out: &mut String) {
        self.to_string().write(out);
    }
}

/// JSON `null`; in a remedy it removes the attribute.
pub struct Null;

impl ToJson for Null {
    fn write(&self, out: &mut String) {
        out.push_str("null");
    }
}

/// A value of a review, as it was written there.
impl ToJson for Value<'_> {
    fn write(&self, out: &mut String) {
        out.push_str(self.json());
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

impl<T: ToJson> ToJson for [T] {
    fn write(&self, out: &mut String) {
        out.push('[');
        for (i, item) in self.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            item.write(out);
        }
        out.push(']');
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn write(&self, out: &mut String) {
        self.as_slice().write(out);
    }
}

/// Adds a member to the text of a JSON object, starting one if there is none yet.
pub fn add_member(object: &mut Option<String>, key: &str, value: impl ToJson) {
    let out = object.get_or_insert_with(|| String::from("{}"));
    out.pop();
    if out.len() > 1 {
        out.push(',');
    }
    key.write(out);
    out.push(':');
    value.write(out);
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::{Null, ToJson, add_member};

    #[test]
    fn strings_are_escaped() {
        assert_eq!("a\"b\\c\n\u{1}é".to_json(), "\"a\\\"b\\\\c\\u000a\\u0001é\"");
    }

    #[test]
    fn objects_grow_member_by_member() {
        let mut object = None;
        add_member(&mut object, "num_workers", 8_i64);
        add_member(&mut object, "autoscale", Null);
        assert_eq!(object.as_deref(), Some(r#"{"num_workers":8,"autoscale":null}"#));
    }
}
