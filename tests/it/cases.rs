//! The bundled policies and plugins keep what their own cases promise.

use tollgate::ops::policy_test::{CaseResult, Suite, bundled_plugin_suites, bundled_suites, run};
use tollgate::plugin::limits::Limits;
use tollgate::pricing::catalogue::Catalogue;

use crate::bench::in_process;

fn all_pass(suites: &[Suite], at_least: usize) {
    let host = in_process(Limits {
        deadline_ms: 2_000,
        ..Limits::default()
    });
    let mut catalogue = Catalogue::default();
    for suite in suites {
        let tested = run(suite, &host, &mut catalogue).unwrap_or_else(|e| panic!("{e}"));
        assert!(
            tested.len() >= at_least,
            "{} has {} cases",
            suite.source,
            tested.len()
        );
        for case in tested {
            assert_eq!(
                case.result,
                CaseResult::Pass,
                "{}:{}: {}",
                case.source,
                case.line,
                case.name
            );
        }
    }
}

#[test]
fn bundled_policies_pass_their_cases() {
    all_pass(&bundled_suites(), 5);
}

#[test]
fn bundled_plugins_pass_their_cases() {
    all_pass(&bundled_plugin_suites(None), 6);
}
