//! Any bytes as a definition: read without a panic, and every element judges any text without one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tollgate_policy_language::{Definition, Meanings, attribute, path};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (written, given) = text.split_once('\n').unwrap_or((text, "4"));
    let written = serde_json::from_str(written).unwrap_or_else(|_| Value::String(written.to_owned()));
    let (definition, problems) = Definition::read(&written);
    let holds = |alias: &str, key: &str| alias.len().checked_sub(key.len()).map(|rest| rest == 0);
    for enum_aliases in [false, true] {
        let meanings = Meanings { alias_holds: &holds, enum_aliases };
        for element in &definition.elements {
            let finding = element.judge(given, &meanings);
            assert_eq!(finding, element.judge(given, &meanings), "the same question has one answer");
            let _ = (attribute::find(&element.path), path::generic(&element.path));
        }
    }
    assert_eq!(Definition::parse(&written).is_ok(), problems.is_empty());
});
