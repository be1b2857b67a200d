//! What the sandbox costs: a definition of sixty rules judges one review natively, in an instance that is used again,
//! and in a fresh sandbox (the way decisions are made), in turn, in one process. The same Rust code all three times.

use std::path::Path;
use std::time::Instant;

use serde_json::json;
use tollgate::plugin::Host;
use tollgate::plugin::bundled::find;
use tollgate::plugin::cache::ImageCache;
use tollgate::plugin::compile::Compiler;
use tollgate::plugin::limits::Limits;
use tollgate::policy::document::PolicyDocument;
use tollgate::policy::loaded::Policy;
use tollgate_plugin_cluster_policy::ClusterPolicy;
use tollgate_sdk::{Configured, contract};

const CALLS: usize = 20_000;
const ROUNDS: usize = 5;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/sixty-rules");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let (definition, review) = (read("definition.json"), read("review.json"));
    let settings = json!({ "definition": definition }).to_string();

    let native: Configured<ClusterPolicy> = Configured::new();
    native.configure(&settings).unwrap();
    let cache = ImageCache::open(&std::env::temp_dir().join("tollgate-bench-images")).unwrap();
    let host = Host::new(Limits::default(), Compiler::InProcess, Some(cache)).unwrap();
    let document = json!({"policy": "sixty", "rules": [
        {"rule": "sixty", "plugin": "cluster-policy", "settings": {"definition": definition}}]});
    let document = PolicyDocument::parse("sixty.json", &document.to_string()).unwrap();
    let policy = Policy::load(&document, &host, &|file| std::fs::read(file)).unwrap();
    let rehearsal = host.rehearsal(find("cluster-policy").unwrap()).unwrap();
    let mut used_again = rehearsal.with(&settings).unwrap();

    let mut ways: Vec<(&str, Box<dyn FnMut() -> usize>)> = vec![
        ("native", Box::new(|| contract::evaluate(&native, &review).unwrap().violations.len())),
        ("sandbox, used again", Box::new(|| used_again.evaluate(&review).unwrap().violations.len())),
        ("sandbox, fresh", Box::new(|| policy.rules[0].image.evaluate(&review).unwrap().violations.len())),
    ];
    println!("60 rules, a review of {} bytes, {CALLS} calls, {ROUNDS} rounds in turn", review.len());
    let mut medians = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for ((_, way), medians) in ways.iter_mut().zip(&mut medians) {
            let mut times: Vec<u128> = (0..CALLS)
                .map(|_| {
                    let started = Instant::now();
                    assert_eq!(way(), 0);
                    started.elapsed().as_nanos()
                })
                .collect();
            times.sort_unstable();
            medians.push(times[CALLS / 2]);
        }
    }
    let middle = |medians: &mut Vec<u128>| {
        medians.sort_unstable();
        medians[medians.len() / 2] as f64 / 1_000.0
    };
    let medians: Vec<f64> = medians.iter_mut().map(middle).collect();
    println!("{:<22} {:>8} {:>10}", "way", "p50 us", "x native");
    for ((name, _), p50) in ways.iter().zip(&medians) {
        println!("{name:<22} {p50:>8.1} {:>10.1}", p50 / medians[0]);
    }
}
