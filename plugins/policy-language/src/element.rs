//! One element of a definition: what it demands of its attribute, and whether a value satisfies it.

mod read;

use rust_decimal::Decimal;

use crate::path::Target;
use crate::{Kind, Pattern, Scalar, decimal};

/// The types of elements, as definitions name them; the last two are the names of 2020.
pub const TYPES: [&str; 9] = [
    "fixed",
    "forbidden",
    "allowlist",
    "blocklist",
    "regex",
    "range",
    "unlimited",
    "whitelist",
    "blacklist",
];

/// What an element demands.
#[derive(Debug)]
pub enum Rule {
    /// This value and no other.
    Fixed(Scalar),
    /// No value.
    Forbidden,
    /// One of these.
    Allowlist(Vec<Scalar>),
    /// None of these.
    Blocklist(Vec<Scalar>),
    /// The whole value matches.
    Regex(Pattern),
    /// A number between the bounds, which belong to it; a bound that is none is open.
    Range {
        /// `minValue`.
        min: Option<Decimal>,
        /// `maxValue`.
        max: Option<Decimal>,
    },
    /// Any value.
    Unlimited,
}

/// An element at its path.
#[derive(Debug)]
pub struct Element {
    /// As written: `autoscale.max_workers`.
    pub path: String,
    /// What it aims at.
    pub target: Target,
    /// What kind of value it speaks of.
    pub kind: Kind,
    /// What it demands.
    pub rule: Rule,
    /// Requests may leave the attribute out.
    pub is_optional: bool,
    /// Filled in where the request asks for defaults.
    pub default: Option<Scalar>,
    /// Not shown in the form; never changes a judgement.
    pub hidden: bool,
}

/// How a value breaks an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// Not the fixed value.
    NotTheValue,
    /// Present and forbidden.
    Present,
    /// Not on the list.
    NotListed,
    /// On the list.
    Listed,
    /// Does not match.
    NoMatch,
    /// Below the lower bound.
    TooSmall,
    /// Above the upper bound.
    TooLarge,
    /// Bounds need a number.
    NotANumber,
}

/// What came of holding a value against an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Satisfied.
    Fits,
    /// Broken.
    Breaks(Breach),
    /// The element names an alias that nobody can resolve.
    Unresolved,
}

/// What words mean at the time of judging.
pub struct Meanings<'a> {
    /// Whether an `auto:` alias stands for a runtime key; none if the alias cannot be resolved.
    pub alias_holds: &'a dyn Fn(&str, &str) -> Option<bool>,
    /// Whether the two names of a security mode are one.
    pub enum_aliases: bool,
}

/// The older of two names for one thing.
fn settled(mode: &str) -> &str {
    match mode {
        "DATA_SECURITY_MODE_DEDICATED" => "SINGLE_USER",
        "DATA_SECURITY_MODE_STANDARD" => "USER_ISOLATION",
        other => other,
    }
}

impl Rule {
    /// The type, in its present name.
    pub fn name(&self) -> &'static str {
        match self {
            Rule::Fixed(_) => "fixed",
            Rule::Forbidden => "forbidden",
            Rule::Allowlist(_) => "allowlist",
            Rule::Blocklist(_) => "blocklist",
            Rule::Regex(_) => "regex",
            Rule::Range { .. } => "range",
            Rule::Unlimited => "unlimited",
        }
    }

    /// The values it names.
    pub fn values(&self) -> &[Scalar] {
        match self {
            Rule::Fixed(value) => std::slice::from_ref(value),
            Rule::Allowlist(values) | Rule::Blocklist(values) => values,
            _ => &[],
        }
    }
}

impl Element {
    /// Whether the attribute must be there, were nothing filled in. A fixed value takes no `isOptional`.
    pub fn requires(&self) -> bool {
        match self.rule {
            Rule::Forbidden => false,
            Rule::Fixed(_) => true,
            _ => !self.is_optional,
        }
    }

    /// Holds a value that is there, as text, against the element.
    pub fn judge(&self, given: &str, meanings: &Meanings<'_>) -> Finding {
        match self.kind {
            Kind::RuntimeKey => self.judge_runtime(given, meanings),
            _ => self.judge_one(given, meanings),
        }
    }

    /// A runtime key counts in its spellings: as written, and without `-photon-`.
    fn judge_runtime(&self, given: &str, meanings: &Meanings<'_>) -> Finding {
        let written = self.judge_one(given, meanings);
        let Some(plain) = without_photon(given) else {
            return written;
        };
        let plain = self.judge_one(&plain, meanings);
        let blocks = matches!(self.rule, Rule::Blocklist(_));
        match (written, plain) {
            (Finding::Breaks(breach), _) | (_, Finding::Breaks(breach)) if blocks => Finding::Breaks(breach),
            (Finding::Fits, _) | (_, Finding::Fits) if !blocks => Finding::Fits,
            (Finding::Unresolved, _) | (_, Finding::Unresolved) => Finding::Unresolved,
            (written, _) => written,
        }
    }

    fn judge_one(&self, given: &str, meanings: &Meanings<'_>) -> Finding {
        let breaks = |broken: bool, breach: Breach| {
            if broken {
                Finding::Breaks(breach)
            } else {
                Finding::Fits
            }
        };
        match &self.rule {
            Rule::Unlimited => Finding::Fits,
            Rule::Forbidden => Finding::Breaks(Breach::Present),
            Rule::Fixed(value) => match self.is_among(std::slice::from_ref(value), given, meanings) {
                Some(found) => breaks(!found, Breach::NotTheValue),
                None => Finding::Unresolved,
            },
            Rule::Allowlist(values) => match self.is_among(values, given, meanings) {
                Some(found) => breaks(!found, Breach::NotListed),
                None => Finding::Unresolved,
            },
            Rule::Blocklist(values) => match self.is_among(values, given, meanings) {
                Some(found) => breaks(found, Breach::Listed),
                None => Finding::Unresolved,
            },
            Rule::Regex(pattern) => {
                let settles = self.kind == Kind::SecurityMode && meanings.enum_aliases;
                let matches = pattern.matches(given)
                    || (settles && names(given).iter().any(|name| pattern.matches(name)));
                breaks(!matches, Breach::NoMatch)
            }
            Rule::Range { min, max } => match decimal::parse(given) {
                None => Finding::Breaks(Breach::NotANumber),
                Some(number) if min.is_some_and(|min| number < min) => Finding::Breaks(Breach::TooSmall),
                Some(number) => breaks(max.is_some_and(|max| number > max), Breach::TooLarge),
            },
        }
    }

    /// Whether a value is one of these; none if that hangs on an alias that cannot be resolved.
    fn is_among(&self, values: &[Scalar], given: &str, meanings: &Meanings<'_>) -> Option<bool> {
        let mut unresolved = false;
        for value in values {
            let same = match self.kind {
                Kind::RuntimeKey if is_alias(&value.text) => match (meanings.alias_holds)(&value.text, given)
                {
                    Some(holds) => holds,
                    None => {
                        unresolved = true;
                        false
                    }
                },
                Kind::SecurityMode if meanings.enum_aliases => settled(&value.text) == settled(given),
                kind => value.is(given, kind),
            };
            if same {
                return Some(true);
            }
        }
        (!unresolved).then_some(false)
    }
}

/// Both names of a security mode that has two.
fn names(mode: &str) -> &'static [&'static str] {
    match settled(mode) {
        "SINGLE_USER" => &["SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED"],
        "USER_ISOLATION" => &["USER_ISOLATION", "DATA_SECURITY_MODE_STANDARD"],
        _ => &[],
    }
}

/// Whether a runtime of a policy is an alias: `auto:latest-lts`.
pub fn is_alias(runtime: &str) -> bool {
    runtime.starts_with("auto:")
}

/// `13.3.x-photon-scala2.12` without its Photon; none for a key that has none.
pub fn without_photon(key: &str) -> Option<String> {
    key.contains("-photon-").then(|| key.replacen("-photon-", "-", 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn judge(path: &str, element: Value, given: &str) -> Finding {
        let holds = |alias: &str, key: &str| (alias == "auto:latest-lts").then(|| key.starts_with("17.3."));
        let meanings = Meanings {
            alias_holds: &holds,
            enum_aliases: true,
        };
        Element::read(path, &element).unwrap().judge(given, &meanings)
    }

    #[test]
    fn each_type_has_its_breach() {
        let cases = [
            (
                "num_workers",
                json!({"type": "fixed", "value": 4}),
                "4.0",
                Finding::Fits,
            ),
            (
                "num_workers",
                json!({"type": "fixed", "value": 4}),
                "5",
                Finding::Breaks(Breach::NotTheValue),
            ),
            (
                "num_workers",
                json!({"type": "forbidden"}),
                "5",
                Finding::Breaks(Breach::Present),
            ),
            (
                "kind",
                json!({"type": "whitelist", "values": ["a"]}),
                "A",
                Finding::Breaks(Breach::NotListed),
            ),
            (
                "kind",
                json!({"type": "blocklist", "values": ["4.0"]}),
                " 4.0",
                Finding::Fits,
            ),
            (
                "kind",
                json!({"type": "blocklist", "values": ["4.0"]}),
                "4.0",
                Finding::Breaks(Breach::Listed),
            ),
            (
                "kind",
                json!({"type": "regex", "pattern": "a|b"}),
                "ab",
                Finding::Breaks(Breach::NoMatch),
            ),
            (
                "num_workers",
                json!({"type": "range", "minValue": 1, "maxValue": 10}),
                "10",
                Finding::Fits,
            ),
            (
                "num_workers",
                json!({"type": "range", "minValue": 1}),
                "0",
                Finding::Breaks(Breach::TooSmall),
            ),
            (
                "num_workers",
                json!({"type": "range", "maxValue": 0.9}),
                "1",
                Finding::Breaks(Breach::TooLarge),
            ),
            (
                "num_workers",
                json!({"type": "range"}),
                "x",
                Finding::Breaks(Breach::NotANumber),
            ),
            (
                "custom_tags.a",
                json!({"type": "fixed", "value": true}),
                "true",
                Finding::Fits,
            ),
        ];
        for (path, element, given, finding) in cases {
            assert_eq!(
                judge(path, element.clone(), given),
                finding,
                "{path} {element} {given}"
            );
        }
    }

    #[test]
    fn runtimes_have_spellings_and_aliases() {
        let list = |value: &str| json!({"type": "allowlist", "values": [value]});
        assert_eq!(
            judge(
                "spark_version",
                list("13.1.x-scala2.12"),
                "13.1.x-photon-scala2.12"
            ),
            Finding::Fits
        );
        assert_eq!(
            judge("spark_version", list("auto:latest-lts"), "17.3.x-scala2.13"),
            Finding::Fits
        );
        assert_eq!(
            judge("spark_version", list("auto:latest-lts"), "16.4.x-scala2.12"),
            Finding::Breaks(Breach::NotListed)
        );
        assert_eq!(
            judge("spark_version", list("auto:newest"), "16.4.x-scala2.12"),
            Finding::Unresolved
        );
        let blocked = json!({"type": "blocklist", "values": ["13.1.x-scala2.12"]});
        assert_eq!(
            judge("spark_version", blocked, "13.1.x-photon-scala2.12"),
            Finding::Breaks(Breach::Listed)
        );
    }

    #[test]
    fn security_modes_have_two_names() {
        let one = json!({"type": "fixed", "value": "DATA_SECURITY_MODE_DEDICATED"});
        assert_eq!(judge("data_security_mode", one, "SINGLE_USER"), Finding::Fits);
        let pattern = json!({"type": "regex", "pattern": "USER_.*"});
        assert_eq!(
            judge("data_security_mode", pattern, "DATA_SECURITY_MODE_STANDARD"),
            Finding::Fits
        );
    }
}
