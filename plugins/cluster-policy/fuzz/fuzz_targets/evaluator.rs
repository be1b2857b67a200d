//! Settings on the first line, a review on the second: configured, asked to supply and to judge, without a panic; and what
//! is filled in is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_plugin_cluster_policy::ClusterPolicy;
use tollgate_sdk::{Configured, contract};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((settings, review)) = text.split_once('\n') else { return };
    let rule: Configured<ClusterPolicy> = Configured::new();
    if rule.configure(settings).is_err() {
        return;
    }
    for supplied in contract::supply(&rule, review).unwrap_or_default() {
        assert!(serde_json::from_str::<serde_json::Value>(&supplied.value).is_ok(), "{}", supplied.value);
    }
    let Ok(verdict) = contract::evaluate(&rule, review) else { return };
    for violation in &verdict.violations {
        for json in [&violation.actual, &violation.allowed, &violation.remedy, &violation.details].into_iter().flatten() {
            assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{json}");
        }
    }
});
