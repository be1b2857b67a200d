//! Every request of the shared corpus under every bundled policy: a decision or a clear diagnostic, never a crash.

use tollgate::model::place::Cloud;
use tollgate::ops::check::{CheckOptions, check};
use tollgate::ops::files::{below, has_extension, read_text};
use tollgate::ops::judge::PlaceOptions;
use tollgate::ops::policies::{Policies, PolicySource};
use tollgate::ops::prices::catalogue;
use tollgate::plugin::limits::Limits;

use crate::bench::{in_process, project, shared};

/// Checks every file below a folder under every bundled policy; how many were decided, how many diagnosed.
fn check_all(folder: &std::path::Path) -> (usize, usize) {
    let host = in_process(Limits {
        deadline_ms: 2_000,
        ..Limits::default()
    });
    let mut policies = Policies::open(&PolicySource::Bundled, &host).unwrap();
    let mut known = catalogue(&[]).unwrap();
    let names: Vec<String> = policies.names().iter().map(|n| (*n).to_owned()).collect();
    let (mut decided, mut diagnosed) = (0, 0);
    for file in below(folder, &|p| has_extension(p, &["json"])).unwrap() {
        let source = read_text(&file).unwrap();
        for policy in &names {
            for cloud in [None, Some(Cloud::Azure)] {
                let options = CheckOptions {
                    policy: Some(policy.clone()),
                    place: PlaceOptions {
                        cloud,
                        region: Some("westus2".to_owned()),
                        ..PlaceOptions::default()
                    },
                    workload: Default::default(),
                    at: tollgate::model::period::parse_instant("2026-10-01").unwrap(),
                    principal: None,
                    read: Default::default(),
                    clusters: None,
                    admission: Default::default(),
                    against: None,
                    usage: None,
                };
                let checked = check(vec![source.clone()], &mut policies, &mut known, &options).unwrap();
                assert!(
                    !checked.answers.is_empty() || !checked.problems.0.is_empty(),
                    "{}",
                    file.display()
                );
                for answer in &checked.answers {
                    assert!(
                        answer.decision.failures.is_empty(),
                        "{}: {:?}",
                        file.display(),
                        answer.decision.failures
                    );
                    decided += 1;
                }
                for problem in &checked.problems.0 {
                    assert!(problem.line > 0 && !problem.message.is_empty(), "{problem}");
                    diagnosed += 1;
                }
            }
        }
    }
    (decided, diagnosed)
}

#[test]
fn requests_of_our_own_are_decided_or_diagnosed() {
    let (decided, diagnosed) = check_all(&project("tests/fixtures/requests"));
    assert!(
        decided > 20 && diagnosed > 20,
        "{decided} decided, {diagnosed} diagnosed"
    );
}

#[test]
fn requests_of_the_shared_corpus_are_decided_or_diagnosed() {
    let Some(shared) = shared("requests_of_the_shared_corpus_are_decided_or_diagnosed") else {
        return;
    };
    let (decided, diagnosed) = check_all(&shared.join("data/requests"));
    eprintln!("{decided} decided, {diagnosed} diagnosed");
    assert!(
        decided > 100 && diagnosed > 100,
        "{decided} decided, {diagnosed} diagnosed"
    );
}
