//! Any bytes: readers of files of others get valid samples that were damaged at random, and must not panic.
//!
//! `TOLLGATE_ANY_BYTES=100000 cargo test --test it any_bytes` runs so many cases for each reader (300 in a normal run).
//! `TOLLGATE_SEEDS=DIR` writes the samples as seeds for the fuzz targets of `fuzz/`.

mod samples;
mod targets;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use tollgate::intake::cluster_records;
use tollgate::intake::existing_clusters::ExistingCluster;
use tollgate::model::money::Currency;
use tollgate::model::period::parse_instant;
use tollgate::model::rows::Input;
use tollgate::pricing::import::list_prices::{Table, list_prices as book_of};
use tollgate::pricing::import::{Expected, Source};

use samples::samples;
use targets::{TARGETS, run};

/// Cases for each reader in a normal run.
const CASES: u32 = 300;

/// What is done to bytes.
#[derive(Debug, Clone)]
enum Damage {
    /// A bit is turned.
    Flip(Index, u8),
    /// What follows is gone.
    Truncate(Index),
    /// A piece of itself is put somewhere else.
    Splice(Index, Index, usize),
    /// A line is there twice.
    Twice(Index),
    /// A line is gone.
    Gone(Index),
    /// Something odd is put in.
    Insert(Index, usize),
    /// A number becomes another one.
    Number(Index, usize),
    /// A text between quotes becomes something odd.
    Text(Index, usize),
}

/// Numbers at the edges of what anything holds, and what is none.
const NUMBERS: [&str; 16] = [
    "1e400",
    "-1e400",
    "1e-400",
    "99999999999999999999999999999999999999",
    "-9223372036854775808",
    "9223372036854775807",
    "18446744073709551616",
    "79228162514264337593543950336",
    "0.0000000000000000000000000001",
    "-0",
    "NaN",
    "0x10",
    "1_000",
    "",
    "253402300800",
    "-62135596801",
];

/// Texts that are odd in some way: other alphabets, directions, half characters, ends of time, brackets without end.
const ODD: [&[u8]; 20] = [
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xc3",
    b"\x00",
    b"\xef\xbb\xbf",
    "\u{202e}".as_bytes(),
    "\u{1f4a9}".as_bytes(),
    "\u{fdfd}".as_bytes(),
    "İ".as_bytes(),
    b"\r\n",
    b"\"",
    b"\\",
    b"\\ud800",
    b",",
    b"9999-12-31T23:59:59Z",
    b"-262144-01-01T00:00:00Z",
    b"+262142-12-31T23:59:59.999999999Z",
    b"0000-00-00",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":",
];

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 0_u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        at().prop_map(Damage::Truncate),
        (at(), at(), 1_usize..200).prop_map(|(from, to, n)| Damage::Splice(from, to, n)),
        at().prop_map(Damage::Twice),
        at().prop_map(Damage::Gone),
        (at(), 0..ODD.len()).prop_map(|(at, odd)| Damage::Insert(at, odd)),
        (at(), 0..NUMBERS.len()).prop_map(|(at, n)| Damage::Number(at, n)),
        (at(), 0..ODD.len()).prop_map(|(at, odd)| Damage::Text(at, odd)),
    ]
}

/// Stretches of bytes of one kind.
fn stretches(bytes: &[u8], is: impl Fn(u8) -> bool) -> Vec<(usize, usize)> {
    let (mut found, mut start) = (Vec::new(), None);
    for (i, byte) in bytes.iter().chain([&0]).enumerate() {
        match (is(*byte) && i < bytes.len(), start) {
            (true, None) => start = Some(i),
            (false, Some(from)) => {
                found.push((from, i));
                start = None;
            }
            _ => {}
        }
    }
    found
}

fn replace(bytes: &mut Vec<u8>, found: &[(usize, usize)], at: &Index, with: &[u8]) {
    if let Some((from, to)) = (!found.is_empty()).then(|| found[at.index(found.len())]) {
        bytes.splice(from..to, with.iter().copied());
    }
}

fn damaged(mut bytes: Vec<u8>, all: &[Damage]) -> Vec<u8> {
    for one in all {
        if bytes.is_empty() {
            return bytes;
        }
        let length = bytes.len();
        match one {
            Damage::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Damage::Truncate(at) => bytes.truncate(at.index(length)),
            Damage::Splice(from, to, n) => {
                let from = from.index(length);
                let piece = bytes[from..length.min(from + n)].to_vec();
                let to = to.index(length);
                bytes.splice(to..to, piece);
            }
            Damage::Twice(at) => {
                let lines = stretches(&bytes, |b| b != b'\n');
                if let Some((from, to)) = (!lines.is_empty()).then(|| lines[at.index(lines.len())]) {
                    let mut line = bytes[from..to].to_vec();
                    line.push(b'\n');
                    bytes.splice(from..from, line);
                }
            }
            Damage::Gone(at) => {
                let lines = stretches(&bytes, |b| b != b'\n');
                replace(&mut bytes, &lines, at, b"");
            }
            Damage::Insert(at, odd) => {
                let at = at.index(length);
                bytes.splice(at..at, ODD[*odd].iter().copied());
            }
            Damage::Number(at, n) => {
                let numbers = stretches(&bytes, |b| b.is_ascii_digit());
                replace(&mut bytes, &numbers, at, NUMBERS[*n].as_bytes());
            }
            Damage::Text(at, odd) => {
                let texts = stretches(&bytes, |b| b.is_ascii_alphabetic() || b == b'_');
                replace(&mut bytes, &texts, at, ODD[*odd]);
            }
        }
    }
    bytes
}

fn cases() -> u32 {
    std::env::var("TOLLGATE_ANY_BYTES").map_or(CASES, |n| n.parse().unwrap())
}

/// Some samples of a reader, damaged.
fn check(name: &'static str) {
    let samples = samples(name);
    let config = Config {
        cases: cases(),
        failure_persistence: None,
        ..Config::default()
    };
    let strategy = (0..samples.len(), prop::collection::vec(damage(), 0..6));
    TestRunner::new(config)
        .run(&strategy, |(sample, all)| {
            let bytes = damaged(samples[sample].clone(), &all);
            run(name, &bytes);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
}

macro_rules! readers {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*

        #[test]
        fn every_reader_is_tried() {
            let tried = [$(stringify!($name)),*];
            assert_eq!(tried, TARGETS.map(|(name, _)| name));
        }
    };
}

readers!(
    rows,
    billing_usage,
    legacy_usage,
    node_timeline,
    node_types,
    context,
    cluster_records,
    cluster_events,
    azure_cost,
    requests,
    workspace_policies,
    azure_retail,
    aws_price_list,
    gcp_skus,
    list_prices,
    account_prices,
    own_prices,
    documents,
    terraform_plan,
    bundle,
    bundle_validated,
);

/// A sample that a reader does not take would try nothing.
#[test]
fn every_sample_is_taken() {
    let seeds = std::env::var("TOLLGATE_SEEDS").ok();
    for (name, _) in TARGETS {
        for (n, sample) in samples(name).iter().enumerate() {
            assert!(run(name, sample) > 0, "{name}, sample {n}");
            if let Some(folder) = &seeds {
                let folder = Path::new(folder).join(name);
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join(format!("sample-{n}")), sample).unwrap();
            }
        }
    }
}

/// Damage that every reader survives whole, or that none does, would try little.
#[test]
fn damage_breaks_some_samples_and_spares_others() {
    let mut runner = TestRunner::deterministic();
    for (name, _) in TARGETS {
        let samples = samples(name);
        let strategy = (0..samples.len(), prop::collection::vec(damage(), 1..6));
        let (mut spared, mut broken) = (0, 0);
        for _ in 0..300 {
            let (sample, all) = strategy.new_tree(&mut runner).unwrap().current();
            match run(name, &damaged(samples[sample].clone(), &all)) {
                0 => broken += 1,
                _ => spared += 1,
            }
        }
        assert!(
            spared > 10 && broken > 10,
            "{name}: {spared} spared, {broken} broken"
        );
    }
}

/// CSV, CSV packed with gzip, JSON and Parquet of one table are read alike, by readers that have no test of their own for it.
#[test]
fn every_form_of_a_table_says_the_same() {
    let prices = |table: Table| {
        move |bytes: &[u8]| {
            let source = Source {
                name: "x".to_owned(),
                input: Input::of(bytes),
            };
            let expected = Expected {
                currency: Currency::USD,
                retrieved: parse_instant("2026-10-01").unwrap(),
            };
            book_of(vec![source], &expected, table, None)
                .unwrap()
                .draft
                .text()
        }
    };
    let clusters = |bytes: &[u8]| {
        let read = cluster_records::read("x", Input::of(bytes));
        assert_eq!(read.problems.0, []);
        let told = |c: &ExistingCluster| format!("{} {:?} {}", c.cluster_id, c.changed_at, c.request.body);
        read.clusters.iter().map(told).collect::<Vec<_>>().join("\n")
    };
    let all_same = |name: &str, read: &dyn Fn(&[u8]) -> String| {
        let forms = samples(name);
        let first = read(&forms[0]);
        assert!(first.len() > 50, "{first}");
        for form in &forms[1..4] {
            assert_eq!(read(form), first, "{name}");
        }
    };
    all_same("list_prices", &prices(Table::ListPrices));
    all_same("list_prices", &prices(Table::AccountPrices));
    all_same("cluster_records", &clusters);
}

/// Bytes that mean nothing at all.
#[test]
fn noise_is_no_sample_and_no_panic() {
    let config = Config {
        cases: cases(),
        failure_persistence: None,
        ..Config::default()
    };
    let noise = prop::collection::vec(any::<u8>(), 0..300);
    TestRunner::new(config)
        .run(&noise, |bytes| {
            for (name, _) in TARGETS {
                run(name, &bytes);
                run(name, &[b"PAR1".as_slice(), &bytes, b"PAR1"].concat());
                run(name, &[&[0x1f, 0x8b, 8, 0], bytes.as_slice()].concat());
            }
            Ok(())
        })
        .unwrap();
}
