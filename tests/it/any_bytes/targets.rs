//! What reads files of others, each as a function of bytes: what it takes is counted. Shared by the test beside this file and by the
//! fuzz targets of `fuzz/`.
//!
//! Besides not panicking, some promise more, and that is asserted: a price book that an import makes can be read, and so can a
//! contract; what a reader calls a machine's life has no gap.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use tollgate::intake::requests::bundle::{BundleOptions, Files};
use tollgate::intake::requests::documents::{DocumentKind, ReadOptions};
use tollgate::intake::requests::{documents, terraform_plan};
use tollgate::intake::{
    azure_cost, billing_usage, cluster_events, cluster_records, context, legacy_usage, node_timeline,
    node_types, workspace_policies,
};
use tollgate::lifecycle::Scenario;
use tollgate::lifecycle::presence::{Instance, until};
use tollgate::model::diagnostic::Diagnostics;
use tollgate::model::document::Document;
use tollgate::model::money::Currency;
use tollgate::model::period::parse_instant;
use tollgate::model::rows::{self, Input, Told};
use tollgate::ops::files::OnDisk;
use tollgate::policy::case::CaseFile;
use tollgate::policy::configuration::Configuration;
use tollgate::policy::document::PolicyDocument;
use tollgate::policy::waiver::WaiverFile;
use tollgate::pricing::catalogue::Catalogue;
use tollgate::pricing::import::account_prices::account_prices;
use tollgate::pricing::import::aws::{Only, aws_price_list};
use tollgate::pricing::import::azure_retail::azure_retail;
use tollgate::pricing::import::gcp::gcp_skus;
use tollgate::pricing::import::list_prices::{Table, list_prices};
use tollgate::pricing::import::{Expected, Source};
use tollgate::pricing::node_rates::NodeRates;

/// A reader by its name.
pub type Target = (&'static str, fn(&[u8]) -> usize);

/// All of them.
pub const TARGETS: [Target; 21] = [
    ("rows", table_rows),
    ("billing_usage", usage),
    ("legacy_usage", log),
    ("node_timeline", nodes),
    ("node_types", types),
    ("context", pools_and_runs),
    ("cluster_records", records),
    ("cluster_events", events),
    ("azure_cost", statement),
    ("requests", requests),
    ("workspace_policies", policies),
    ("azure_retail", retail),
    ("aws_price_list", aws),
    ("gcp_skus", gcp),
    ("list_prices", listed),
    ("account_prices", agreed),
    ("own_prices", own),
    ("documents", documents),
    ("terraform_plan", plan),
    ("bundle", bundle),
    ("bundle_validated", bundle_validated),
];

/// Gives bytes to a reader.
pub fn run(name: &str, bytes: &[u8]) -> usize {
    let (_, target) = TARGETS
        .iter()
        .find(|(known, _)| *known == name)
        .expect("a target");
    target(bytes)
}

fn table_rows(bytes: &[u8]) -> usize {
    let mut taken = 0;
    rows::read(Input::of(bytes), &mut |told| {
        if let Told::Row(row) = told {
            let read: Result<serde_json::Value, _> = serde_json::from_str(&row.json());
            assert!(read.is_ok(), "a row is no JSON: {}", row.json());
            taken += 1;
        }
        ControlFlow::Continue(())
    });
    taken
}

fn usage(bytes: &[u8]) -> usize {
    let mut taken = 0;
    billing_usage::read("x", Input::of(bytes), &mut |row| {
        taken += usize::from(row.is_ok());
        ControlFlow::Continue(())
    });
    taken
}

fn log(bytes: &[u8]) -> usize {
    let mut taken = 0;
    legacy_usage::read("x", Input::of(bytes), &BTreeMap::new(), &mut |row| {
        taken += usize::from(row.is_ok());
        ControlFlow::Continue(())
    });
    taken
}

fn nodes(bytes: &[u8]) -> usize {
    let (mut machines, mut taken) = (BTreeMap::<String, Instance>::new(), 0);
    let mut end = i64::MIN;
    node_timeline::read("x", Input::of(bytes), &mut |row| {
        if let Ok(row) = row.map(|taken| taken.row) {
            taken += 1;
            end = end.max(row.period.end.timestamp());
            let (cluster, node_type) = (
                Arc::from(row.cluster_id.as_str()),
                Arc::from(row.node_type.as_str()),
            );
            let machine = machines.entry(row.instance_id).or_default();
            machine.see(&cluster, &node_type, row.is_driver, row.period);
        }
        ControlFlow::Continue(())
    });
    let lived = parse_instant("2026-11-01").ok();
    for machine in machines.values() {
        let (start, last) = machine.extent().expect("a machine was seen");
        let (parts, faults) = machine.life(until(last, end, lived));
        if faults.iter().any(|fault| fault.refuses()) {
            continue;
        }
        assert_eq!(
            parts.first().map(|part| part.period.start.timestamp()),
            Some(start)
        );
        assert!(
            parts
                .windows(2)
                .all(|pair| pair[0].period.end == pair[1].period.start)
        );
    }
    taken
}

fn types(bytes: &[u8]) -> usize {
    let mut taken = 0;
    node_types::read("x", Input::of(bytes), &mut |row| {
        taken += usize::from(row.is_ok());
        ControlFlow::Continue(())
    });
    taken
}

fn pools_and_runs(bytes: &[u8]) -> usize {
    let mut taken = 0;
    context::pools("x", Input::of(bytes), &mut |row| {
        taken += usize::from(row.is_ok());
        ControlFlow::Continue(())
    });
    context::job_runs("x", Input::of(bytes), &mut |row| {
        taken += usize::from(row.is_ok());
        ControlFlow::Continue(())
    });
    taken
}

fn records(bytes: &[u8]) -> usize {
    cluster_records::read("x", Input::of(bytes)).clusters.len()
}

fn events(bytes: &[u8]) -> usize {
    text(bytes, |text| cluster_events::read("x", text).events.len())
}

fn statement(bytes: &[u8]) -> usize {
    azure_cost::read("x", Input::of(bytes)).lines.len()
}

fn requests(bytes: &[u8]) -> usize {
    text(bytes, |text| {
        documents::read("x", text, &OnDisk, &ReadOptions::default())
            .requests
            .len()
    })
}

fn policies(bytes: &[u8]) -> usize {
    text(bytes, |text| workspace_policies::read("x", text).policies.len())
}

fn retail(bytes: &[u8]) -> usize {
    text(bytes, |text| {
        let inputs = [tollgate::pricing::import::Input { source: "x", text }];
        let made = azure_retail(&inputs, &expected(), &[]);
        made.map_or(0, |made| book(&made.draft.text()))
    })
}

fn aws(bytes: &[u8]) -> usize {
    let made = aws_price_list(source(bytes), &expected(), &Only::default());
    made.map_or(0, |made| book(&made.draft.text()))
}

fn gcp(bytes: &[u8]) -> usize {
    let mut rates = NodeRates::default();
    let known = r#"{"node_rates":"g","cloud":"GCP","sources":{},"node_types":[
        {"node_type_id":"n2-standard-4","vcpus":4,"memory_mb":16384,"rates":[]}]}"#;
    rates.add("r", known).expect("rates");
    text(bytes, |text| {
        let inputs = [tollgate::pricing::import::Input { source: "x", text }];
        let made = gcp_skus(&inputs, &expected(), &[], &rates);
        made.map_or(0, |made| book(&made.draft.text()))
    })
}

fn listed(bytes: &[u8]) -> usize {
    let made = list_prices(source(bytes), &expected(), Table::ListPrices, None);
    made.map_or(0, |made| book(&made.draft.text()))
}

fn agreed(bytes: &[u8]) -> usize {
    let made = account_prices(source(bytes), &expected(), None);
    made.map_or(0, |made| book(&made.draft.text()))
}

/// A book or a contract that an import made must be one.
fn book(text: &str) -> usize {
    let read = Catalogue::default().add_own("made", text);
    assert!(read.is_ok(), "what was made cannot be read: {read:?}\n{text}");
    1
}

fn own(bytes: &[u8]) -> usize {
    text(bytes, |text| {
        usize::from(Catalogue::default().add_own("x", text).is_ok())
    })
}

fn documents(bytes: &[u8]) -> usize {
    text(bytes, |text| {
        let policy = PolicyDocument::parse("x", text).is_ok();
        let cases = CaseFile::parse("x", text).is_ok();
        let scenario = Document::parse("x", text).is_ok_and(|main| Scenario::parse(main, Vec::new()).is_ok());
        let repository = Configuration::parse("x", text).is_ok();
        let waivers = WaiverFile::parse("x", text).is_ok();
        [policy, cases, scenario, repository, waivers]
            .into_iter()
            .map(usize::from)
            .sum()
    })
}

fn plan(bytes: &[u8]) -> usize {
    text(bytes, |text| {
        let found = terraform_plan::read("x", text);
        found.requests.len() + found.resources.len()
    })
}

/// What stands between a bundle and the file that it includes.
pub const INCLUDED: &str = "\n%%\n";

/// A bundle includes one file, whatever its patterns say.
struct Included<'t>(&'t str);

impl Files for Included<'_> {
    fn matching(&self, _: &str, _: &str) -> Result<Vec<String>, Diagnostics> {
        Ok(vec!["part.yml".to_owned()])
    }

    fn text(&self, _: &str) -> Result<String, Diagnostics> {
        Ok(self.0.to_owned())
    }
}

fn bundle(bytes: &[u8]) -> usize {
    text(bytes, |text| {
        let (root, part) = text.split_once(INCLUDED).unwrap_or((text, ""));
        let options = ReadOptions {
            bundle: BundleOptions {
                user: Some("ana".to_owned()),
                variables: [("owner".to_owned(), "ops".to_owned())].into(),
                ..BundleOptions::default()
            },
            ..ReadOptions::default()
        };
        let read = documents::read("databricks.yml", root, &Included(part), &options);
        read.requests.len() + read.resources.len()
    })
}

fn bundle_validated(bytes: &[u8]) -> usize {
    text(bytes, |text| {
        let options = ReadOptions {
            kind: Some(DocumentKind::Bundle),
            ..ReadOptions::default()
        };
        let read = documents::read("x.json", text, &Included(""), &options);
        read.requests.len() + read.resources.len()
    })
}

/// Readers of text get text: what is none is refused where files are read.
fn text(bytes: &[u8], read: impl Fn(&str) -> usize) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(text) => read(text),
        Err(_) => read(&String::from_utf8_lossy(bytes)),
    }
}

fn source(bytes: &[u8]) -> Vec<Source> {
    vec![Source {
        name: "x".to_owned(),
        input: Input::of(bytes),
    }]
}

fn expected() -> Expected {
    Expected {
        currency: Currency::USD,
        retrieved: parse_instant("2026-10-01").expect("an instant"),
    }
}
