//! The catalogue of diagnostics: for every code in `src` a trigger, and its text as a person sees it.
//!
//! A code without a case fails, and so does a case without a code. The texts are in `tests/errors/<layer>/<name>.txt`;
//! `TOLLGATE_BLESS=1` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rusqlite::Connection;
use tollgate::ledger::check::KeyWalk;
use tollgate::ledger::fact::FactKey;
use tollgate::model::period::{Period, parse_instant};
use tollgate::ops::ledger::diagnose;
use tollgate::store::{Database, StoreError};

use crate::bench::{Ended, golden, project, tollgate_in};
use crate::hostile::{component, module};

/// Codes that nothing outside can trigger, each with the reason.
const OUT_OF_REACH: [(&str, &str); 4] = [
    (
        "import::not-verified",
        "cases are judged twice by the same policy: when they are found, and as `tollgate policy test` reads them",
    ),
    (
        "output::json",
        "a decision is text, numbers and maps of text; writing it to memory cannot fail",
    ),
    (
        "report::render",
        "a report is text and numbers; writing it to memory cannot fail",
    ),
    (
        "simulate::failed",
        "the scenario is checked and only admitted clusters live: the simulation refuses a caller's mistake",
    ),
];

/// How a code is brought about.
pub enum Trigger {
    /// A command line in a folder that a function prepares.
    Command(&'static str, Box<dyn Fn(&Path)>),
    /// The text of something that no command line brings about at will: a full disk, another process's lock.
    Told(String),
}

pub type Case = (&'static str, Trigger);

pub fn files(code: &'static str, command: &'static str, files: &[(&'static str, &str)]) -> Case {
    let files: Vec<(&str, String)> = files
        .iter()
        .map(|(name, text)| (*name, (*text).to_owned()))
        .collect();
    prepared(code, command, move |folder| {
        for (name, text) in &files {
            write(folder, name, text);
        }
    })
}

pub fn prepared(code: &'static str, command: &'static str, prepare: impl Fn(&Path) + 'static) -> Case {
    (code, Trigger::Command(command, Box::new(prepare)))
}

fn told(code: &'static str, text: impl ToString) -> Case {
    (code, Trigger::Told(text.to_string()))
}

pub fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

const CHECK: &str = "check r.json --cloud AZURE --region westus2 --at 2026-10-01";
const REQUEST: &str = r#"{"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 2,
 "custom_tags": {"team": "a", "cost_center": "CC-1100"}}
"#;

fn request(code: &'static str, text: &str) -> Case {
    files(code, CHECK, &[("r.json", text)])
}

fn usage(code: &'static str, text: &str) -> Case {
    files(
        code,
        "ingest billing-usage u.json --ledger l.db",
        &[("u.json", text)],
    )
}

pub fn usage_row(cloud: &str, unit: &str, quantity: &str) -> String {
    format!(
        "{{\"record_id\": \"r-1\", \"sku_name\": \"PREMIUM_JOBS_COMPUTE\", \"cloud\": \"{cloud}\", \"usage_start_time\": \"2026-05-04T10:00:00Z\", \
         \"usage_end_time\": \"2026-05-04T11:00:00Z\", \"usage_unit\": \"{unit}\", \"usage_quantity\": {quantity}, \"record_type\": \"ORIGINAL\"}}\n"
    )
}

fn policy(code: &'static str, text: &str) -> Case {
    let command = "check r.json --policy p --policies policies --at 2026-10-01";
    files(
        code,
        command,
        &[("r.json", REQUEST), ("policies/policy.yaml", text)],
    )
}

fn cases_file(code: &'static str, text: &str) -> Case {
    let size = "policy: p\nrules:\n  - rule: size\n    plugin: cluster-size\n    settings: { workers: { max: 5 } }\n";
    files(
        code,
        "policy test p",
        &[("p/policy.yaml", size), ("p/cases.yaml", text)],
    )
}

/// A price book of one row.
fn book(row: &str) -> String {
    format!(
        "{{\"price_book\": \"own\", \"cloud\": \"AZURE\", \"currency\": \"USD\", \"sources\": {{\"s\": {{\"title\": \"t\"}}}},\n \"prices\": [{row}]}}\n"
    )
}

fn row(price: &str, from: &str, unit: &str, source: &str) -> String {
    format!(
        "{{\"meter\": {{\"kind\": \"dbu\", \"sku_name\": \"PREMIUM_JOBS_COMPUTE\"}}, \"unit\": \"{unit}\", \"unit_price\": \"{price}\", \"from\": {from}, \"to\": null, \"source\": \"{source}\"}}"
    )
}

fn price(code: &'static str, text: &str) -> Case {
    files(
        code,
        "price show JOBS --prices own.json --at 2026-10-01",
        &[("own.json", text)],
    )
}

fn rate(code: &'static str, rates: &str) -> Case {
    let text = format!(
        "{{\"node_rates\": \"own\", \"cloud\": \"AZURE\",\n \"node_types\": [{{\"node_type_id\": \"Standard_X\", \"rates\": [{rates}]}}]}}\n"
    );
    price(code, &text)
}

/// Two nights of one job.
fn scenario() -> String {
    fs::read_to_string(project("tests/cli/month.in/scenario.yaml")).unwrap()
}

const SIMULATE: &str = "simulate scenario.yaml --ledger l.db";

/// The scenario with something put in the place of something.
fn changed(code: &'static str, old: &str, new: &str) -> Case {
    let text = scenario();
    assert!(text.contains(old), "{code}: the scenario has no `{old}`");
    files(code, SIMULATE, &[("scenario.yaml", &text.replacen(old, new, 1))])
}

/// A ledger of the scenario.
pub fn billed() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "scenario.yaml", scenario());
        let arguments: Vec<&str> = SIMULATE.split(' ').collect();
        assert!(
            tollgate_in(folder.path(), &arguments)
                .output()
                .unwrap()
                .status
                .success()
        );
        fs::read(folder.path().join("l.db")).unwrap()
    })
}

/// A billed ledger to which somebody did something behind tollgate's back.
fn tampered(code: &'static str, command: &'static str, sql: &'static str) -> Case {
    prepared(code, command, move |folder| {
        write(folder, "scenario.yaml", scenario());
        write(folder, "l.db", billed());
        let raw = Connection::open(folder.join("l.db")).unwrap();
        raw.execute_batch(
            "PRAGMA foreign_keys = OFF; PRAGMA journal_mode = DELETE;
             DROP TRIGGER entry_is_not_changed; DROP TRIGGER entry_is_not_deleted; DROP TRIGGER meter_is_not_changed;",
        )
        .unwrap();
        raw.execute_batch(sql).unwrap();
    })
}

const LEDGER: &str = "ledger check l.db";

fn store(error: &StoreError) -> Case {
    told(error.code(), diagnose(Path::new("l.db"), error))
}

fn catalogue() -> Vec<Case> {
    let mut all = requests();
    all.extend(documents());
    all.extend(crate::admission_errors::admissions());
    all.extend(policies());
    all.extend(existing_clusters());
    all.extend(cluster_events());
    all.extend(imports());
    all.extend(prices());
    all.extend(crate::price_errors::price_books());
    all.extend(crate::attribution_errors::cost_centres());
    all.extend(crate::attribution_errors::allocations());
    all.extend(crate::closing_errors::closings());
    all.extend(crate::closing_errors::agreements());
    all.extend(crate::table_errors::tables());
    all.extend(crate::node_errors::nodes());
    all.extend(scenarios());
    all.extend(ledgers());
    all.extend(crate::lint_errors::lints());
    all.extend(crate::statement_errors::statements());
    all.extend(crate::terraform_errors::plans());
    all.extend(crate::bundle_errors::bundles());
    all
}

fn requests() -> Vec<Case> {
    let large = "7922816251426433759354395033";
    vec![
        request("request::empty", "\n"),
        request(
            "request::no-compute",
            "{\"name\": \"etl\", \"tasks\": [{\"task_key\": \"a\"}]}\n",
        ),
        request(
            "request::ambiguous",
            "{\"tasks\": [],\n \"node_type_id\": \"Standard_DS3_v2\", \"num_workers\": 900}\n",
        ),
        files(
            "request::not-as-asked",
            "check r.json --as job --cloud AZURE --region westus2 --at 2026-10-01",
            &[("r.json", REQUEST)],
        ),
        request(
            "request::unknown-attribute",
            "{\"node_type_id\": \"Standard_DS3_v2\",\n \"num_wrkers\": 2}\n",
        ),
        request(
            "request::duplicate-key",
            "{\"num_workers\": 2,\n \"num_workers\": 200}\n",
        ),
        request(
            "request::state-not-plan",
            "{\"version\": 4, \"terraform_version\": \"1.11.4\", \"serial\": 3, \"lineage\": \"x\", \"resources\": []}\n",
        ),
        files(
            "hours::schema",
            "check r.json --usage usage.yaml --cloud AZURE --region westus2 --at 2026-10-01",
            &[
                ("r.json", REQUEST),
                ("usage.yaml", "hours_per_month: 800\nminutes_per_runs: 3\n"),
            ],
        ),
        files(
            "policy::nothing-judged",
            "check r.json --policies p.policy.yaml --cloud AZURE --region westus2 --at 2026-10-01",
            &[
                ("r.json", REQUEST),
                (
                    "p.policy.yaml",
                    "policy: p\nrules:\n  - {rule: r, plugin: runtime}\n",
                ),
            ],
        ),
        prepared("file::no-documents", "check empty", |folder| {
            fs::create_dir(folder.join("empty")).unwrap()
        }),
        request("request::syntax", "{\"num_workers\": 2,\n \"node_type_id\": }\n"),
        request("request::not-a-cluster", "{\"policies\": [], \"total\": 3}\n"),
        request(
            "request::wrong-type",
            "{\"node_type_id\": \"Standard_DS3_v2\",\n \"num_workers\": \"two\"}\n",
        ),
        request(
            "request::range",
            "{\"node_type_id\": \"Standard_DS3_v2\",\n \"num_workers\": -1}\n",
        ),
        request(
            "request::missing",
            "{\"node_type_id\": \"Standard_DS3_v2\",\n \"autoscale\": {\"min_workers\": 1}}\n",
        ),
        request(
            "request::template",
            "{\"node_type_id\": \"${var.node}\",\n \"num_workers\": 1}\n",
        ),
        files(
            "request::not-one",
            "policy explain etl-jobs --request r.json --at 2026-10-01",
            &[("r.json", "[{\"num_workers\": 1}, {\"num_workers\": 2}]\n")],
        ),
        files(
            "request::cloud",
            "check r.json --at 2026-10-01",
            &[("r.json", "{\"num_workers\": 1}\n")],
        ),
        files(
            "request::not-judged",
            "check r.json --workload job --region westus2 --prices own.json --at 2026-10-01",
            &[
                ("r.json", REQUEST),
                ("own.json", &book(&row(large, "null", "DBU", "s"))),
            ],
        ),
        files(
            "estimate::inexact",
            "estimate r.json --workload job --region westus2 --prices own.json --at 2026-10-01",
            &[
                ("r.json", REQUEST),
                ("own.json", &book(&row(large, "null", "DBU", "s"))),
            ],
        ),
        files("file::unreadable", "check missing.json", &[]),
        files("output::twice", "check r.json --format json --format sarif", &[]),
        files("file::twice", "check - -", &[]),
        prepared("file::not-text", "check r.json", |folder| {
            write(folder, "r.json", b"\xff\xfe{}")
        }),
        prepared("file::too-large", "check r.json", |folder| {
            // A hole: it takes no room on disk.
            fs::File::create(folder.join("r.json"))
                .unwrap()
                .set_len((256 << 20) + 1)
                .unwrap();
        }),
    ]
}

fn documents() -> Vec<Case> {
    vec![
        policy(
            "document::syntax",
            "policy: p\nrules:\n  - rule: a\n   plugin: runtime\n",
        ),
        policy("document::not-one-document", "policy: p\n---\npolicy: q\n"),
        policy("document::key", "policy: p\nrules: []\n? [a, b]\n: c\n"),
        policy(
            "document::number",
            "policy: p\nrules:\n  - { rule: a, plugin: cluster-size, settings: { workers: { max: .inf } } }\n",
        ),
        policy(
            "document::depth",
            &format!("policy: p\nrules: {}{}\n", "[".repeat(70), "]".repeat(70)),
        ),
    ]
}

fn policies() -> Vec<Case> {
    let rule =
        "policy: p\nrules:\n  - { rule: a, plugin: cluster-size, settings: { workers: { max: 5 } } }\n";
    let case = "cases:\n  - name: n\n    request: { node_type_id: x }\n    expect: { decision: allow }\n";
    vec![
        policy(
            "policy::schema",
            "policy: p\nrules:\n  - rule: a\n    plugn: runtime\n    plugin: runtime\n    enforcement: maybe\n",
        ),
        policy(
            "policy::duplicate-rule",
            &format!("{rule}{}", rule.lines().next_back().unwrap()),
        ),
        policy("policy::settings", &rule.replace("max: 5", "max: five")),
        policy(
            "policy::unknown-plugin",
            &rule.replace("cluster-size", "cluster-sise"),
        ),
        policy(
            "policy::plugin-file",
            &rule.replace("cluster-size,", "mine, plugin_file: mine.wasm,"),
        ),
        files(
            "policy::not-a-definition",
            "check r.json --definition policy.json --at 2026-10-01",
            &[
                ("r.json", REQUEST),
                ("policy.json", "{\"name\": \"etl\", \"definition\": \"{}\"}\n"),
            ],
        ),
        policy(
            "policy::settings-file",
            "policy: p\nrules:\n  - { rule: a, plugin: cluster-policy, settings: { definition_file: missing.json } }\n",
        ),
        prepared("policy::plugin", "policy test p", move |folder| {
            write(
                folder,
                "p/policy.yaml",
                "policy: p\nrules:\n  - { rule: a, plugin: mine, plugin_file: mine.wasm }\n",
            );
            write(folder, "p/mine.wasm", "not a component");
            write(folder, "p/cases.yaml", case);
        }),
        prepared("policy::plugin-name", "policy test p", move |folder| {
            write(
                folder,
                "p/policy.yaml",
                "policy: p\nrules:\n  - { rule: a, plugin: mine, plugin_file: mine.wasm }\n",
            );
            write(
                folder,
                "p/mine.wasm",
                component(&module("(i32.const 64)", "(i32.const 256)", "(i32.const 256)")),
            );
            write(folder, "p/cases.yaml", case);
        }),
        files(
            "policy::duplicate",
            "policy list --policies policies",
            &[("policies/a/policy.yaml", rule), ("policies/b/policy.yaml", rule)],
        ),
        prepared("policy::none", "policy list --policies policies", |folder| {
            fs::create_dir(folder.join("policies")).unwrap();
        }),
        files(
            "policy::unknown",
            "check r.json --policy etl-job --at 2026-10-01",
            &[("r.json", REQUEST)],
        ),
        prepared("case::none", "policy test empty", |folder| {
            fs::create_dir(folder.join("empty")).unwrap()
        }),
        files(
            "case::nothing-to-test",
            "policy test p",
            &[("p/cases.yaml", case)],
        ),
        cases_file(
            "case::schema",
            "cases:\n  - name: n\n    requst: {}\n    expect: { decision: perhaps }\n",
        ),
        cases_file(
            "case::instant",
            &case.replace("name: n", "name: n\n    at: yesterday"),
        ),
        cases_file(
            "case::hours",
            &case.replace(
                "name: n",
                "name: n\n    hours_per_month: \"99999999999999999999999999999999\"",
            ),
        ),
        files("plugin::unknown", "plugin inspect spot-mux", &[]),
        files(
            "plugin::load",
            "plugin inspect mine.wasm",
            &[("mine.wasm", "not a component")],
        ),
        files(
            "plugin::componentize",
            "plugin componentize core.wasm -o mine.wasm",
            &[("core.wasm", "not a module")],
        ),
        prepared(
            "file::not-written",
            "plugin componentize core.wasm -o no/such/mine.wasm",
            |folder| {
                let frame = module("(i32.const 64)", "(i32.const 256)", "(i32.const 256)");
                write(folder, "core.wasm", crate::hostile::embedded(&frame));
            },
        ),
        prepared(
            "plugin::host",
            "plugin inspect spot-mix --cache-dir open",
            |folder| {
                fs::create_dir(folder.join("open")).unwrap();
                fs::set_permissions(folder.join("open"), fs::Permissions::from_mode(0o777)).unwrap();
            },
        ),
        files("plugin::compile", "compile-plugin", &[]),
    ]
}

const COMPLIANCE: &str =
    "policy compliance c.json --definition definition.json --region westus2 --at 2026-10-01";

fn existing_clusters() -> Vec<Case> {
    let definition = "{\"num_workers\": {\"type\": \"range\", \"maxValue\": 4}}\n";
    let clusters = |code, text: &str| {
        let all = [("c.json", text), ("definition.json", definition)];
        files(code, COMPLIANCE, &all)
    };
    let one = "{\"cluster_id\": \"c-1\", \"node_type_id\": \"Standard_DS3_v2\", \"num_workers\": 2}";
    vec![
        clusters("cluster::empty", "\n"),
        clusters("cluster::syntax", "{\"clusters\": [\n  {\"cluster_id\": }]}\n"),
        clusters(
            "cluster::not-a-cluster",
            "{\"node_type_id\": \"Standard_DS3_v2\", \"num_workers\": 2}\n",
        ),
        clusters(
            "cluster::column",
            "cluster_id,change_time,worker_node_type,worker_count\nc-1,2026-09-01T00:00:00Z,Standard_DS3_v2,two\n",
        ),
        clusters(
            "cluster::more-pages",
            &format!("{{\"clusters\": [{one}], \"next_page_token\": \"abc\"}}\n"),
        ),
    ]
}

const INGEST: &str = "ingest cluster-events e.json --ledger l.db --workspace-name w --region westus2";

/// An event of the cluster `c-1`, some seconds after the first instant of October 2026.
fn event(second: i64, event_type: &str, details: &str) -> String {
    let ms = (parse_instant("2026-10-01").unwrap().timestamp() + second) * 1000;
    format!(
        "{{\"cluster_id\": \"c-1\", \"timestamp\": {ms}, \"type\": \"{event_type}\", \"details\": {{{details}}}}}\n"
    )
}

const CREATED: &str =
    "\"cluster_size\": {\"num_workers\": 0}, \"attributes\": {\"node_type_id\": \"Standard_DS3_v2\"}";

fn cluster_events() -> Vec<Case> {
    let told = |code, text: &str| files(code, INGEST, &[("e.json", text)]);
    let on_azure = |code, events: &[String]| {
        let command =
            "ingest cluster-events e.json --ledger l.db --workspace-name w --cloud AZURE --region westus2";
        files(code, command, &[("e.json", &events.concat())])
    };
    let created = || event(0, "CREATING", CREATED);
    let running = |second| event(second, "RUNNING", "\"current_num_workers\": 0");
    let end = |second| event(second, "TERMINATING", "");
    let whole = [created(), running(240), end(3600)].concat();
    let again = |code, prepare: fn(&Path), then: String| {
        let first = [created(), running(240)].concat();
        prepared(code, INGEST, move |folder| {
            write(folder, "e.json", &first);
            let command = format!("{INGEST} --cut 2026-10-03");
            let arguments: Vec<&str> = command.split(' ').collect();
            assert!(tollgate_in(folder, &arguments).output().unwrap().status.success());
            prepare(folder);
            write(folder, "e.json", &then);
        })
    };
    let damage: fn(&Path) = |folder| {
        let raw = Connection::open(folder.join("l.db")).unwrap();
        raw.execute(
            "UPDATE cluster_event SET details = '[]' WHERE event_type = (SELECT id FROM name WHERE name = 'RUNNING')",
            [],
        )
        .unwrap();
    };
    vec![
        told("event::empty", "\n"),
        told("event::syntax", "{\"events\": [\n  {\"cluster_id\": }]}\n"),
        told(
            "event::not-an-event",
            "{\"clusters\": [{\"cluster_id\": \"c-1\"}]}\n",
        ),
        told(
            "event::field",
            "{\"cluster_id\": \"c-1\", \"type\": \"RUNNING\",\n \"details\": []}\n",
        ),
        told("event::timestamp", &whole.replacen("000, ", ", ", 1)),
        told("event::held-back", &whole.replacen(": 0}", ": -1}", 1)),
        told(
            "event::more-pages",
            &format!(
                "{{\"events\": [{}], \"next_page\": {{\"cluster_id\": \"c-1\", \"offset\": 1}}, \"total_count\": 2}}\n",
                end(3600).trim()
            ),
        ),
        told("event::cloud", &end(3600)),
        files(
            "event::tier-change",
            "ingest cluster-events e.json --ledger l.db --workspace-name w --tier PREMIUM --tier-change 2026-10-01T01:00:00Z=PREMIUM",
            &[("e.json", &whole)],
        ),
        files(
            "event::rate",
            "ingest cluster-events e.json --ledger l.db --workspace-name w --region westus2 --prices own.json",
            &[
                ("e.json", &whole),
                (
                    "own.json",
                    &book(&row("20000000000", "null", "DBU", "s"))
                        .replace("PREMIUM_JOBS", "PREMIUM_ALL_PURPOSE"),
                ),
            ],
        ),
        again("event::billed-otherwise", |_| {}, end(3600)),
        again("event::stored", damage, end(3600)),
        told("event::duplicate", &[whole.as_str(), &running(240)].concat()),
        told(
            "event::out-of-order",
            &[created(), end(3600), running(240)].concat(),
        ),
        told(
            "event::late",
            &[whole.as_str(), &event(3605, "EXPANDED_DISK", "")].concat(),
        ),
        on_azure("event::missing-start", &[event(0, "RUNNING", CREATED), end(3600)]),
        told(
            "event::missing-running",
            &[created(), event(300, "DRIVER_HEALTHY", ""), end(3600)].concat(),
        ),
        told(
            "event::missing-terminating",
            &[created(), running(240), event(7200, "STARTING", ""), end(9000)].concat(),
        ),
        told("event::unterminated", &[created(), running(240)].concat()),
        told(
            "event::no-size",
            &[
                event(
                    0,
                    "CREATING",
                    "\"attributes\": {\"node_type_id\": \"Standard_DS3_v2\"}",
                ),
                end(3600),
            ]
            .concat(),
        ),
        on_azure(
            "event::no-node-type",
            &[event(0, "STARTING", "\"current_num_workers\": 1"), end(3600)],
        ),
        told(
            "event::lost-uncounted",
            &[created(), running(240), event(300, "NODES_LOST", ""), end(3600)].concat(),
        ),
    ]
}

fn imports() -> Vec<Case> {
    let import = |code, command, text: &str| files(code, command, &[("p.json", text)]);
    let definition = "{\"num_workers\": {\"type\": \"forbidden\"}}\n";
    vec![
        import(
            "import::nothing",
            "policy import p.json -o policies",
            "{\"policies\": []}\n",
        ),
        import(
            "import::syntax",
            "policy import p.json -o policies",
            "resource \"databricks_cluster_policy\" \"p\" {}\n",
        ),
        import("import::name", "policy import p.json -o policies", definition),
        import(
            "import::malformed",
            "policy import p.json -o policies --name team",
            "{\n  \"num_workers\": { \"type\": \"ranges\" },\n  \"spark_version\": {\n    \"type\": \"regex\",\n    \"pattern\": \"(\"\n  }\n}\n",
        ),
        import(
            "import::no-definition",
            "policy import p.json -o policies",
            "{\"policies\": [{\"policy_id\": \"A1\", \"name\": \"team\"}]}\n",
        ),
        import(
            "import::unknown-family",
            "policy import p.json -o policies",
            "{\"policy_id\": \"A1\", \"name\": \"team\", \"policy_family_id\": \"personal-vn\"}\n",
        ),
        files(
            "import::exists",
            "policy import p.json -o policies --name team",
            &[
                ("p.json", definition),
                ("policies/team/cases.yaml", "cases: []\n"),
            ],
        ),
    ]
}

fn prices() -> Vec<Case> {
    vec![
        price("price::syntax", "{\"price_book\": \"own\",\n"),
        price("price::kind", "{\"prices\": []}\n"),
        price("price::number", &book(&row("0,30", "null", "DBU", "s"))),
        price("price::instant", &book(&row("0.30", "\"October\"", "DBU", "s"))),
        price("price::unit", &book(&row("0.30", "null", "hour", "s"))),
        price("price::source", &book(&row("0.30", "null", "DBU", "invoice"))),
        price(
            "price::overlap",
            &book(
                &[
                    row("0.30", "null", "DBU", "s"),
                    row("0.40", "\"2026-10-01\"", "DBU", "s"),
                ]
                .join(",\n  "),
            ),
        ),
        files("price::unknown", "price show Standard_Made_Up", &[]),
        price(
            "rate::syntax",
            "{\"node_rates\": \"own\", \"cloud\": \"AZURE\"}\n",
        ),
        rate("rate::number", "{\"dbu_per_hour\": \"-1\"}"),
        rate(
            "rate::instant",
            "{\"dbu_per_hour\": \"1\", \"from\": \"October\"}",
        ),
    ]
}

fn scenarios() -> Vec<Case> {
    let at = "schedule: { on: 2026-10-01, at: \"02:00\" }";
    let cluster = |lines: &str| {
        format!(
            "clusters:\n  - name: adhoc\n    workspace: lakehouse\n    principal: ana\n{lines}\
             \x20   request: {{ spark_version: 15.4.x-scala2.12, node_type_id: Standard_DS3_v2, num_workers: 1, autotermination_minutes: 30, custom_tags: {{ team: a, cost_center: CC-1100 }} }}\njobs:"
        )
    };
    let create = "    create_at: 2026-10-01T08:00:00Z\n";
    let jobs = |code, lines: &str| changed(code, "jobs:", &cluster(lines));
    vec![
        changed("scenario::schema", "seed: 7", "sed: 7"),
        changed("scenario::period", "end: 2026-10-03", "end: 2026-09-03"),
        changed("scenario::instant", "end: 2026-10-03T00:00:00Z", "end: October"),
        changed(
            "scenario::unknown-workspace",
            "workspace: lakehouse",
            "workspace: lakehous",
        ),
        changed("scenario::duplicate", "name: enormous", "name: nightly"),
        changed(
            "scenario::schedule",
            at,
            "schedule: { every_minutes: 60, at: \"02:00\" }",
        ),
        changed(
            "scenario::date",
            at,
            "schedule: { on: 2026-02-30, at: \"02:00\" }",
        ),
        changed(
            "scenario::time",
            at,
            "schedule: { on: 2026-10-01, at: two o'clock }",
        ),
        changed("scenario::range", "allocate: 70", "allocate: { min: 9, max: 3 }"),
        changed(
            "scenario::unknown-pool",
            "node_type_id: Standard_DS3_v2",
            "instance_pool_id: warm",
        ),
        changed(
            "scenario::never",
            at,
            "schedule: { on: 2026-12-01, at: \"02:00\" }",
        ),
        changed(
            "scenario::unknown-user",
            "team_tag: team",
            "team_tag: team\nusers: [ { name: svc-elt } ]",
        ),
        changed(
            "scenario::unknown-name",
            "team_tag: team",
            "team_tag: team\nincidents: [ { at: 2026-10-02, object: nightli, evict: 1 } ]",
        ),
        changed(
            "scenario::one-of",
            "team_tag: team",
            "team_tag: team\nincidents: [ { at: 2026-10-02, object: nightly, evict: 1, disk_full: 1 } ]",
        ),
        changed(
            "scenario::circle",
            "jobs:\n",
            "jobs:\n  - name: round\n    workspace: lakehouse\n    principal: svc-etl\n    schedule: { every_minutes: 60 }\n    tasks:\n\
             \x20     - { task_key: a, depends_on: [b], serverless: {}, run_minutes: 1 }\n\
             \x20     - { task_key: b, depends_on: [a], serverless: {}, run_minutes: 1 }\n",
        ),
        changed(
            "scenario::meter",
            "team_tag: team",
            "team_tag: team\nprice_changes: [ { at: 2026-10-02, meter: PREMIUM_JOBS_COMPUTE, unit_price: \"0.28\" } ]",
        ),
        jobs(
            "scenario::outside-period",
            "    create_at: 2026-11-01T08:00:00Z\n",
        ),
        jobs(
            "scenario::order",
            &format!("{create}    terminate_at: 2026-10-01T07:00:00Z\n"),
        ),
        priced("simulate::rate", "20000000000", "USD", "num_workers: 2"),
        files(
            "simulate::not-started",
            "simulate scenario.yaml --ledger l.db --explain nobody",
            &[("scenario.yaml", &scenario())],
        ),
        priced("store::too-large", "9000000000", "USD", "num_workers: 2"),
        priced("store::other-currency", "0.3", "EUR", "num_workers: 2"),
    ]
}

/// The scenario with a price of its own, and another number of workers.
fn priced(code: &'static str, unit_price: &str, currency: &str, workers: &str) -> Case {
    let text = scenario()
        .replacen("team_tag: team", "team_tag: team\nprices: [own.json]", 1)
        .replacen("num_workers: 2", workers, 1);
    let own = book(&row(unit_price, "null", "DBU", "s")).replace("USD", currency);
    files(code, SIMULATE, &[("scenario.yaml", &text), ("own.json", &own)])
}

fn ledgers() -> Vec<Case> {
    let path = || PathBuf::from("l.db");
    let day = |text: &str| parse_instant(text).unwrap();
    let mut keys = KeyWalk::default();
    let fact = FactKey::floor(day("2026-10-01"));
    assert!(keys.key(fact, 1).is_none());
    let twice = keys.key(fact, 2).unwrap();
    vec![
        tampered(
            "ledger::hash",
            LEDGER,
            "UPDATE entry SET since = since - 1 WHERE number = 3",
        ),
        tampered("ledger::head", LEDGER, "UPDATE ledger SET entries = 11"),
        tampered(
            "ledger::sequence",
            LEDGER,
            "UPDATE entry SET number = 99 WHERE number = 12",
        ),
        tampered(
            "ledger::key",
            LEDGER,
            "UPDATE entry SET key = zeroblob(22) WHERE number = 3",
        ),
        tampered(
            "ledger::account",
            LEDGER,
            "INSERT INTO account (name) VALUES ('cost-centre/others');
             INSERT INTO terms (source_id, debit_account, credit_account, subject_id, meter_id, price_id)
               SELECT source_id, last_insert_rowid(), credit_account, subject_id, meter_id, price_id
               FROM terms JOIN entry ON terms.id = terms_id WHERE number = 3;
             UPDATE entry SET terms_id = last_insert_rowid() WHERE number = 3",
        ),
        tampered(
            "ledger::balance",
            LEDGER,
            "UPDATE rollup_day SET cost_nano = cost_nano + 1000000000 WHERE day = 20727",
        ),
        tampered(
            "ledger::rollup",
            LEDGER,
            "UPDATE rollup_day SET quantity_nano = quantity_nano + 1000000000 WHERE day = 20727",
        ),
        tampered(
            "ledger::unreadable",
            LEDGER,
            "UPDATE meter SET name = 'vm' WHERE id = 1",
        ),
        // The file itself forbids two entries of one key; only a file made by other means has them.
        told("ledger::duplicate", format!("fault[{}] {twice}", twice.code)),
        // A cost that was forged with all hashes after it is found by this alone.
        tampered(
            "ledger::cost",
            "ledger verify l.db --deep",
            "UPDATE entry SET amount_nano = amount_nano + 1000000000 WHERE number = 3",
        ),
        tampered(
            "ledger::digest",
            "ledger verify l.db --deep",
            "UPDATE cluster_event SET digest = 7 WHERE told = 3",
        ),
        prepared(
            "ledger::against",
            "ledger verify l.db --against copy.db",
            |folder| {
                write(folder, "l.db", billed());
                write(folder, "copy.db", billed());
                let usage = usage_row("AZURE", "DBU", "1");
                write(folder, "u.json", usage);
                let ingest = "ingest billing-usage u.json --ledger copy.db";
                let words: Vec<&str> = ingest.split(' ').collect();
                assert!(tollgate_in(folder, &words).output().unwrap().status.success());
            },
        ),
        prepared(
            "verify::not-a-head",
            "ledger verify l.db --against copy.db",
            |folder| {
                write(folder, "l.db", billed());
            },
        ),
        tampered("store::structure", LEDGER, "DELETE FROM price WHERE id = 1"),
        tampered(
            "store::unreadable",
            "report 2026-10 --ledger l.db",
            "UPDATE meter SET name = 'vm' WHERE id = 1",
        ),
        tampered(
            "store::conflict",
            SIMULATE,
            "UPDATE entry SET amount_nano = amount_nano + 1 WHERE number = 3",
        ),
        tampered("store::newer", LEDGER, "PRAGMA user_version = 99"),
        tampered("store::older", LEDGER, "PRAGMA user_version = 1"),
        tampered("store::foreign", LEDGER, "PRAGMA application_id = 7"),
        prepared("store::corrupt", LEDGER, |folder| {
            let mut bytes = billed().to_vec();
            bytes.get_mut(4096..).unwrap().fill(0xff);
            write(folder, "l.db", bytes);
        }),
        files(
            "store::not-a-database",
            LEDGER,
            &[("l.db", &"team,cost\n".repeat(400))],
        ),
        usage("usage::empty", ""),
        usage("usage::syntax", "[{]"),
        usage("usage::not-usage", "a,b\n1,2\n"),
        usage("usage::column", &usage_row("AZURE", "DBU", "\"one\"")),
        usage("usage::unit", &usage_row("AZURE", "GB", "1")),
        usage(
            "usage::told-differently",
            &format!(
                "{}{}",
                usage_row("AZURE", "DBU", "1"),
                usage_row("AZURE", "DBU", "2")
            ),
        ),
        usage(
            "usage::rate",
            &usage_row("AZURE", "DBU", "7922816251426433759354395033"),
        ),
        files("store::missing", LEDGER, &[]),
        prepared("store::exists", "ledger backup l.db copy.db", |folder| {
            write(folder, "l.db", billed());
            write(folder, "copy.db", "");
        }),
        tampered(
            "ledger::not-in-order",
            "ledger backup l.db copy.db",
            "UPDATE entry SET since = since - 1 WHERE number = 3",
        ),
        files(
            "store::cannot-open",
            "simulate scenario.yaml --ledger no/such/l.db",
            &[("scenario.yaml", &scenario())],
        ),
        prepared("store::other-scenario", SIMULATE, |folder| {
            write(folder, "scenario.yaml", scenario().replace("seed: 7", "seed: 8"));
            write(folder, "l.db", billed());
        }),
        prepared("report::nothing", "report --ledger l.db", |folder| {
            drop(Database::open(folder.join("l.db")).unwrap());
        }),
        prepared(
            "report::unknown-workspace",
            "resources --at 2026-10-02 --ledger l.db --workspace lakehous",
            crate::resources::filled,
        ),
        prepared(
            "report::unknown-cluster",
            "resources --at 2026-10-02 --ledger l.db --cluster 1001-000000-nonesuch",
            crate::resources::filled,
        ),
        changed("store::unwritable", "region: westus2", "region: west/us2"),
        store(&StoreError::ReadOnly { path: path() }),
        store(&StoreError::Locked {
            path: path(),
            waited_ms: 5_000,
        }),
        store(&StoreError::Full { path: path() }),
        store(&StoreError::ToldTwice {
            what: "`vm/AZURE/westus2/Standard_DS3_v2/spot` of `i-1` from 2026-10-01T02:00:00Z".to_owned(),
        }),
        store(&StoreError::UnknownRun {
            name: "october".to_owned(),
        }),
        store(&StoreError::NotWholeDays {
            period: Period::new(day("2026-10-01"), day("2026-10-01T12:00:00Z")).unwrap(),
        }),
        store(&StoreError::Io {
            path: path(),
            doing: "writing a batch",
            detail: "fsync: SQLite code 1034".to_owned(),
        }),
        store(&StoreError::Sqlite {
            path: path(),
            doing: "reading daily sums",
            source: rusqlite::Error::InvalidQuery,
        }),
    ]
}

/// What a person sees.
fn shown(code: &str, trigger: &Trigger) -> String {
    let (command, prepare) = match trigger {
        Trigger::Told(text) => return format!("{text}\n"),
        Trigger::Command(command, prepare) => (command, prepare),
    };
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let arguments: Vec<&str> = command.split(' ').collect();
    let ended: Ended = tollgate_in(folder.path(), &arguments).output().unwrap().into();
    let exit = ended.code.unwrap_or_else(|| panic!("{code}: killed"));
    // A result beside a warning is not what this is about.
    let stdout = if exit == 0 { String::new() } else { ended.stdout };
    let text = format!("$ tollgate {command}\n? {exit}\n{stdout}{}", ended.stderr);
    without_digests(&text.replace(&folder.path().display().to_string(), "FOLDER"))
}

/// Digests change with every price and every policy that comes with tollgate; that there is one is enough.
fn without_digests(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(if word.len() == 64 { "DIGEST" } else { word });
        rest = after;
    }
    out + rest
}

/// Every code in the sources, tests left out.
fn codes() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![project("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).unwrap();
                let source = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                found.extend(
                    source
                        .split('"')
                        .skip(1)
                        .filter(|word| is_code(word))
                        .map(str::to_owned),
                );
            }
        }
    }
    found
}

/// `layer::kebab-name`.
fn is_code(word: &str) -> bool {
    let part = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
    word.split_once("::")
        .is_some_and(|(layer, name)| part(layer) && name.split('-').all(part))
}

#[test]
fn every_code_has_a_case_and_every_case_a_code() {
    let cases = catalogue();
    let mut known: BTreeSet<String> = cases.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(known.len(), cases.len(), "one case for each code");
    for (code, reason) in OUT_OF_REACH {
        assert!(
            known.insert(code.to_owned()),
            "{code} has a case and is said to have none: {reason}"
        );
    }
    let codes = codes();
    let without: Vec<_> = codes.difference(&known).collect();
    assert!(without.is_empty(), "no case for {without:?}");
    let stale: Vec<_> = known.difference(&codes).collect();
    assert!(stale.is_empty(), "no such code any more: {stale:?}");
    // Nor is there a text left over from a code that went.
    for layer in fs::read_dir(project("tests/errors")).unwrap() {
        let layer = layer.unwrap();
        for text in fs::read_dir(layer.path()).unwrap() {
            let name = text.unwrap().file_name().into_string().unwrap();
            let code = format!(
                "{}::{}",
                layer.file_name().to_str().unwrap(),
                name.trim_end_matches(".txt")
            );
            assert!(known.contains(&code), "tests/errors has a text of {code}");
        }
    }
}

#[test]
fn every_diagnostic_reads_as_it_did() {
    let (mut failed, mut faults) = (BTreeMap::new(), Vec::new());
    for (code, trigger) in catalogue() {
        let text = shown(code, &trigger);
        if !text.contains(&format!("[{code}]")) {
            failed.insert(code, text);
            continue;
        }
        let (layer, name) = code.split_once("::").unwrap();
        golden(&format!("tests/errors/{layer}/{name}.txt"), &text);
        faults.extend(read_as_a_user(code, &text));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(
        failed.is_empty(),
        "something else came of {}: {failed:#?}",
        failed.len()
    );
}

/// What holds for every text: no final stop, nothing said twice, no debug form, no empty message.
fn read_as_a_user(code: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let told = |line: &&str| {
        ["error[", "warning[", "  help:"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    for line in text.lines().filter(told) {
        let mut fault = |what: &str| faults.push(format!("{code} {what}: {line}"));
        if line.ends_with('.') {
            fault("ends with a stop");
        }
        if line.ends_with(": ") {
            fault("says nothing");
        }
        if ["Some(", "Ok(", "Err(", "Error {"]
            .iter()
            .any(|debug| line.contains(debug))
        {
            fault("shows a debug form");
        }
        if let Some((_, rest)) = line.split_once("] ")
            && let Some((source, message)) = rest.split_once(": ")
            && message.starts_with(&format!("`{source}`: "))
        {
            fault("names the file twice");
        }
    }
    faults
}
