//! Reading the plan of a whole estate, as `tollgate check` does before it judges.
//!
//! `cargo bench --bench plan`
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "fixtures/plan.rs"]
mod fixture;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use tollgate::intake::documents::{ReadOptions, read};
use tollgate::ops::files::OnDisk;

fn main() {
    divan::main();
}

#[divan::bench(args = [200, 2_000], sample_count = 20)]
fn read_plan(bencher: Bencher, resources: usize) {
    let text = fixture::plan(resources);
    bencher
        .counter(BytesCount::of_str(&text))
        .counter(ItemsCount::new(resources))
        .bench(|| {
            let reading = read("plan.json", &text, &OnDisk, &ReadOptions::default());
            assert!(!reading.problems.has_errors());
            reading
        });
}
