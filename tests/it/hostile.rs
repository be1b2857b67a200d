//! Hostile guests: the host survives each, says what happened, and the policy's `on_failure` decides.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::json;
use tollgate::model::decision::{FailureKind, Outcome};
use tollgate::model::place::Cloud;
use tollgate::ops::judge::{Asked, PlaceOptions, judge};
use tollgate::plugin::failure::LoadFailure;
use tollgate::plugin::limits::Limits;
use tollgate::plugin::{Component, Host, bundled};
use tollgate::policy::document::PolicyDocument;
use tollgate::policy::loaded::Policy;
use tollgate::pricing::catalogue::Catalogue;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use crate::bench::{in_process, spec_of};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile")
}

/// The frame with some of its functions replaced.
pub fn module(describe: &str, configure: &str, evaluate: &str) -> String {
    let frame = fs::read_to_string(folder().join("frame.wat")).unwrap();
    frame
        .replace(";;DESCRIBE\n", &format!("\n{describe}\n"))
        .replace(";;CONFIGURE\n", &format!("\n{configure}\n"))
        .replace(";;EVALUATE\n", &format!("\n{evaluate}\n"))
}

/// A core module that says it was built against the contract.
pub fn embedded(wat: &str) -> Vec<u8> {
    let mut module = wat::parse_str(wat).unwrap();
    let mut resolve = wit_parser::Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/wit");
    let (package, _) = resolve.push_dir(&wit).unwrap();
    let world = resolve.select_world(&[package], Some("policy-plugin")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}

/// A component of a core module that claims to implement the contract.
pub fn component(wat: &str) -> Vec<u8> {
    ComponentEncoder::default()
        .module(&embedded(wat))
        .unwrap()
        .validate(true)
        .encode()
        .unwrap()
}

fn hostile(name: &str) -> Vec<u8> {
    let evaluate = fs::read_to_string(folder().join(format!("{name}.wat"))).unwrap();
    component(&module("(i32.const 64)", "(i32.const 256)", &evaluate))
}

/// One host for all of these tests, as in a server: what one guest does must not hurt the next.
fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| {
        in_process(Limits {
            // Only the endless loop waits for it; a busy machine must not make the others late.
            deadline_ms: 1_000,
            ..Limits::default()
        })
    })
}

fn failure_of(bytes: &[u8]) -> LoadFailure {
    host().load(Component::Foreign(bytes), "{}").unwrap_err()
}

fn decide(policy: &Policy) -> tollgate::model::decision::Decision {
    let mut catalogue = Catalogue::default();
    catalogue.load(Cloud::Azure, Some("westus2")).unwrap();
    let body =
        json!({"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 1});
    let workspace = PlaceOptions::default().workspace(&spec_of(&body)).unwrap();
    let asked = Asked {
        body: &body,
        principal: None,
        workspace: &workspace,
        workload: Default::default(),
        at: tollgate::model::period::parse_instant("2026-10-01").unwrap(),
        pools: &[],
        unknown: &tollgate::model::unknown::NOTHING,
        trace: false,
        cost: None,
        clusters: None,
    };
    judge(&[policy], &catalogue, &asked).unwrap()
}

fn policy(bytes: &[u8], on_failure: &str) -> Policy {
    let text = json!({"policy": "p", "rules": [
        {"rule": "guest", "plugin": "hostile", "plugin_file": "guest.wasm", "on_failure": on_failure},
        {"rule": "good", "plugin": "cluster-size", "settings": {"workers": {"max": 5}}},
    ]})
    .to_string();
    let document = PolicyDocument::parse("p.json", &text).unwrap();
    Policy::load(&document, host(), &|_| Ok(bytes.to_vec())).unwrap()
}

#[test]
fn each_hostile_evaluation_is_survived_and_named() {
    let cases = [
        ("endless_loop", FailureKind::Deadline),
        ("memory_bomb", FailureKind::Memory),
        ("deep_recursion", FailureKind::Stack),
        ("giant_output", FailureKind::Output),
        ("answer_out_of_bounds", FailureKind::Output),
        ("list_beyond_memory", FailureKind::Output),
        ("not_a_variant", FailureKind::Output),
        ("not_text", FailureKind::Output),
        ("trap", FailureKind::Trap),
        ("division_by_zero", FailureKind::Trap),
        ("refusal", FailureKind::Refused),
    ];
    for (name, kind) in cases {
        let guest = hostile(name);
        let denied = decide(&policy(&guest, "deny"));
        let kinds: Vec<FailureKind> = denied.failures.iter().map(|f| f.kind).collect();
        assert_eq!(kinds, [kind], "{name}: {:?}", denied.failures);
        assert_eq!(
            denied.outcome,
            Outcome::Deny,
            "{name}: a broken rule denies by default"
        );
        assert!(
            denied.violations.is_empty(),
            "{name}: the good rule beside it is judged as ever"
        );
        let passed = decide(&policy(&guest, "pass"));
        assert_eq!(
            passed.outcome,
            Outcome::Allow,
            "{name}: on_failure: pass lets it pass"
        );
        assert_eq!(passed.failures.len(), 1, "{name}: and still shows it");
    }
}

#[test]
fn a_guest_that_only_fills_its_memory_does_no_harm() {
    let decision = decide(&policy(&hostile("memory_filled"), "deny"));
    assert_eq!((decision.outcome, decision.failures.len()), (Outcome::Allow, 0));
}

#[test]
fn a_guest_that_breaks_while_it_is_loaded_is_refused() {
    let looping = "(loop $l (br $l)) (i32.const 64)";
    let in_describe = failure_of(&component(&module(looping, "(i32.const 256)", "(i32.const 256)")));
    assert!(
        matches!(&in_describe, LoadFailure::Call { function, .. } if function == "describe"),
        "{in_describe:?}"
    );
    let in_configure = failure_of(&component(&module(
        "(i32.const 64)",
        "unreachable",
        "(i32.const 256)",
    )));
    assert!(
        matches!(&in_configure, LoadFailure::Call { function, .. } if function == "configure"),
        "{in_configure:?}"
    );
    let start = module("(i32.const 64)", "(i32.const 256)", "(i32.const 256)");
    let start = start.trim_end().trim_end_matches(')').to_owned() + "(func $s (loop $l (br $l))) (start $s))";
    let in_start = failure_of(&component(&start));
    assert!(
        matches!(&in_start, LoadFailure::Call { function, .. } if function == "start"),
        "{in_start:?}"
    );
}

#[test]
fn what_is_not_a_plugin_is_refused_by_what_it_lacks() {
    for bytes in [b"not wasm at all".as_slice(), b"", b"\0asm\x01\0\0\0", &[0; 64]] {
        let found = failure_of(bytes);
        assert!(matches!(found, LoadFailure::NotAComponent(_)), "{found:?}");
    }
    let importing = wat::parse_str(
        "(component (import \"wasi:clocks/wall-clock@0.2.0\" (instance (export \"now\" (func)))))",
    );
    let found = failure_of(&importing.unwrap());
    assert!(
        matches!(&found, LoadFailure::Imports(name) if name.contains("wall-clock")),
        "{found:?}"
    );
    let empty = failure_of(&wat::parse_str("(component)").unwrap());
    assert!(matches!(empty, LoadFailure::NotTheContract(_)), "{empty:?}");
    let other_types =
        wat::parse_str("(component (instance $i) (export \"tollgate:policy/rule@1.0.0\" (instance $i)))");
    let found = failure_of(&other_types.unwrap());
    assert!(matches!(found, LoadFailure::NotTheContract(_)), "{found:?}");
}

#[test]
fn a_component_that_is_too_large_is_not_even_compiled() {
    let host = in_process(Limits {
        component_bytes: 1_000,
        ..Limits::default()
    });
    let found = host
        .load(
            Component::Foreign(bundled::find("runtime").unwrap().component),
            "{}",
        )
        .unwrap_err();
    assert!(
        matches!(found, LoadFailure::TooLarge { limit: 1_000, .. }),
        "{found:?}"
    );
}

#[test]
fn a_description_that_lies_is_refused() {
    // The same frame, its name replaced by one that no policy could write.
    let wat =
        module("(i32.const 64)", "(i32.const 256)", "(i32.const 256)").replace("\"hostile\"", "\"Hostile\"");
    let found = failure_of(&component(&wat));
    assert!(matches!(found, LoadFailure::Description(_)), "{found:?}");
}
