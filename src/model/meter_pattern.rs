//! Patterns of meters: `dbu/AZURE/PREMIUM_*`. What a contract speaks of.

use std::fmt;

use super::glob::matches;
use super::meter::Meter;

/// What the texts of meters that a contract may speak of begin with.
pub const KINDS: [&str; 6] = ["vm/", "dbu/", "disk/", "public_ip/", "nat_gateway/", "storage/"];

/// The text of a meter in which `*` stands for any characters, none included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterPattern(String);

/// A pattern that no meter could match.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` begins with no kind of meter; expected one of {kinds}, as in `dbu/AZURE/PREMIUM_*`", kinds = KINDS.join(" "))]
pub struct NotAPattern(pub String);

impl MeterPattern {
    /// A pattern that begins with a kind of meter, or with a star.
    ///
    /// # Errors
    /// [`NotAPattern`].
    pub fn new(text: &str) -> Result<MeterPattern, NotAPattern> {
        if text.starts_with('*') || KINDS.iter().any(|kind| text.starts_with(kind)) {
            Ok(MeterPattern(text.to_owned()))
        } else {
            Err(NotAPattern(text.to_owned()))
        }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it speaks of a meter.
    pub fn matches(&self, meter: &Meter) -> bool {
        self.matches_text(&meter.to_string())
    }

    /// Whether it speaks of a meter of this text.
    pub fn matches_text(&self, meter: &str) -> bool {
        matches(&self.0, meter)
    }
}

impl fmt::Display for MeterPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_begins_with_a_kind_of_meter() {
        assert!(MeterPattern::new("vm/AZURE/*").is_ok());
        assert!(MeterPattern::new("*JOBS*").is_ok());
        assert!(MeterPattern::new("JOBS").is_err());
        assert!(MeterPattern::new("commitment/AZURE/vm/x").is_err());
    }
}
