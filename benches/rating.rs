//! Rating alone, side by side with DuckDB and Polars: a month of usage intervals, at prices that change inside it, summed exactly by
//! team and SKU. Every group is held against an oracle of whole numbers.
//!
//! `TOLLGATE_SHARED=... TOLLGATE_PYTHON=... cargo bench --bench rating -- 1000000 10000000`. The rows, the oracle and the peers are the
//! shared benchmark's; without it, or without a Python that has duckdb, polars and pyarrow, it says that it is skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::panic,
    missing_docs
)]

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use parquet::column::reader::ColumnReader;
use parquet::file::reader::{FileReader, SerializedFileReader};
use rust_decimal::Decimal;
use tollgate::ledger::rate::{ExactSum, PriceSteps};
use tollgate::model::charge::{Price, PriceInForce};
use tollgate::model::money::{Currency, UnitPrice};
use tollgate::model::period::{Period, from_unix};

// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Both cores.
const THREADS: usize = 2;
/// Rows of a page that are held at once.
const ROWS: usize = 65_536;

fn main() {
    let (Some(shared), Some(python)) = (
        std::env::var_os("TOLLGATE_SHARED"),
        std::env::var_os("TOLLGATE_PYTHON"),
    ) else {
        println!("skipped: TOLLGATE_SHARED and TOLLGATE_PYTHON are not set");
        return;
    };
    let bench = PathBuf::from(shared).join("bench");
    let sizes: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    for rows in if sizes.is_empty() { vec![1_000_000] } else { sizes } {
        let folder = tempfile::tempdir().unwrap();
        let run = |script: &str, arguments: &[&str]| {
            let ended = Command::new(&python)
                .arg(bench.join(script))
                .args(arguments)
                .output()
                .unwrap();
            assert!(
                ended.status.success(),
                "{script}: {}",
                String::from_utf8_lossy(&ended.stderr)
            );
            String::from_utf8(ended.stdout).unwrap()
        };
        let path = folder.path().display().to_string();
        run("gen/gen_usage.py", &[&rows.to_string(), &path]);
        run("py/ledger_oracle.py", &[&path]);
        println!("{rows} rows, three runs each, from Parquet to the sums of every team and SKU");
        for _ in 0..3 {
            tollgate(folder.path());
            for engine in ["duckdb-parquet", "polars-parquet"] {
                print!("  {}", run("py/ledger_engines.py", &[engine, &path]));
            }
        }
    }
}

/// What a cluster uses, by numbers.
struct Cluster {
    team: usize,
    node: usize,
    driver: usize,
    sku: usize,
    photon: bool,
}

/// The small tables.
struct World {
    teams: Vec<String>,
    nodes: Vec<String>,
    skus: Vec<String>,
    clusters: Vec<Cluster>,
    /// DBU an hour, in 10^-4, by node.
    rates: Vec<i64>,
    on_demand: Vec<PriceSteps>,
    spot: Vec<PriceSteps>,
    dbu: Vec<PriceSteps>,
}

fn table(folder: &Path, name: &str) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(folder.join(name)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn number(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

fn steps(rows: &[HashMap<String, String>], price: &str, places: u32) -> PriceSteps {
    let in_force = |row: &HashMap<String, String>| PriceInForce {
        period: Period::new(
            from_unix(row["from_ts"].parse().unwrap()),
            from_unix(row["to_ts"].parse().unwrap()),
        )
        .unwrap(),
        price: Some(Price {
            unit_price: UnitPrice(Decimal::new(row[price].parse().unwrap(), places)),
            list_unit_price: None,
            currency: Currency::USD,
            source: "bench".into(),
            synthetic: false,
            commitment: None,
        }),
    };
    PriceSteps::new(&rows.iter().map(in_force).collect::<Vec<_>>())
}

fn world(folder: &Path) -> World {
    let (mut teams, mut nodes, mut skus, mut rates) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in table(folder, "dbu_rates.csv") {
        number(&mut nodes, &row["node_type"]);
        rates.push(row["dbu_e4"].parse().unwrap());
    }
    let clusters = table(folder, "clusters.csv").into_iter().map(|row| {
        let photon = row["photon"] == "1";
        let sku = format!("{}{}", row["kind"], if photon { "_PHOTON" } else { "" });
        Cluster {
            team: number(&mut teams, &row["team"]),
            node: number(&mut nodes, &row["node_type"]),
            driver: number(&mut nodes, &row["driver_type"]),
            sku: number(&mut skus, &sku),
            photon,
        }
    });
    let clusters = clusters.collect();
    let prices = table(folder, "prices.csv");
    let of_nodes = |purchase: &str| {
        let of = |node: &String| {
            let rows = prices
                .iter()
                .filter(|row| row["node_type"] == *node && row["purchase"] == purchase);
            steps(&rows.cloned().collect::<Vec<_>>(), "price_micro", 6)
        };
        nodes.iter().map(of).collect::<Vec<_>>()
    };
    let (on_demand, spot) = (of_nodes("OD"), of_nodes("SPOT"));
    let of_skus = table(folder, "sku_prices.csv");
    let dbu = skus.iter().map(|sku| {
        let rows = of_skus.iter().filter(|row| row["sku"] == *sku);
        steps(&rows.cloned().collect::<Vec<_>>(), "price_e4", 4)
    });
    World {
        dbu: dbu.collect(),
        teams,
        nodes,
        skus,
        clusters,
        rates,
        on_demand,
        spot,
    }
}

/// The sums of a team: machines on demand and on spot by node, DBUs by SKU.
#[derive(Clone)]
struct Team {
    on_demand: Vec<ExactSum>,
    spot: Vec<ExactSum>,
    dbu: Vec<ExactSum>,
}

/// `usage_id, cluster_id, start_ts, end_ts, n_od, n_spot, pool_idle`.
const COLUMNS: usize = 7;

/// Rates the row groups of one thread.
fn rate_groups(file: &Path, world: &World, first: usize) -> Vec<Team> {
    let none = Team {
        on_demand: vec![ExactSum::default(); world.nodes.len()],
        spot: vec![ExactSum::default(); world.nodes.len()],
        dbu: vec![ExactSum::default(); world.skus.len()],
    };
    let mut teams = vec![none; world.teams.len()];
    let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
    for group in (first..reader.num_row_groups()).step_by(THREADS) {
        let group = reader.get_row_group(group).unwrap();
        let mut readers: Vec<ColumnReader> = (1..COLUMNS)
            .map(|column| group.get_column_reader(column).unwrap())
            .collect();
        let mut columns: Vec<Vec<i64>> = vec![Vec::new(); COLUMNS - 1];
        // The columns are optional and without nulls.
        let mut levels: Vec<i16> = Vec::with_capacity(ROWS);
        loop {
            for (reader, column) in readers.iter_mut().zip(&mut columns) {
                column.clear();
                levels.clear();
                let ColumnReader::Int64ColumnReader(reader) = reader else {
                    panic!("a column of whole numbers");
                };
                while column.len() < ROWS {
                    let left = ROWS - column.len();
                    let (records, _, _) = reader
                        .read_records(left, Some(&mut levels), None, column)
                        .unwrap();
                    if records == 0 {
                        break;
                    }
                }
            }
            if columns[0].is_empty() {
                break;
            }
            rate_rows(&columns, world, &mut teams);
        }
    }
    teams
}

fn rate_rows(columns: &[Vec<i64>], world: &World, teams: &mut [Team]) {
    let [clusters, starts, ends, on_demand, spot, idle] = columns else {
        panic!("six columns");
    };
    for row in 0..clusters.len() {
        let cluster = &world.clusters[usize::try_from(clusters[row]).unwrap()];
        let team = &mut teams[cluster.team];
        let (start, end, workers) = (starts[row], ends[row], on_demand[row] + spot[row]);
        let add = |sum: &mut ExactSum, steps: &PriceSteps, per_hour: Decimal| {
            sum.add(steps, per_hour, start, end).unwrap();
        };
        let (node, driver) = (cluster.node, cluster.driver);
        add(
            &mut team.on_demand[driver],
            &world.on_demand[driver],
            Decimal::ONE,
        );
        if on_demand[row] > 0 {
            add(
                &mut team.on_demand[node],
                &world.on_demand[node],
                on_demand[row].into(),
            );
        }
        if spot[row] > 0 {
            add(&mut team.spot[node], &world.spot[node], spot[row].into());
        }
        if idle[row] == 0 {
            let rate = world.rates[driver] + workers * world.rates[node];
            let rate = Decimal::new(rate * if cluster.photon { 2 } else { 1 }, 4);
            add(&mut team.dbu[cluster.sku], &world.dbu[cluster.sku], rate);
        }
    }
}

/// Rates all rows and holds every group against the oracle.
fn tollgate(folder: &Path) {
    let began = Instant::now();
    let world = world(folder);
    let file = folder.join("usage.parquet");
    let parts: Vec<Vec<Team>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|first| {
                scope.spawn({
                    let (file, world) = (&file, &world);
                    move || rate_groups(file, world, first)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut sums: BTreeMap<(String, String), ExactSum> = BTreeMap::new();
    let mut add = |team: usize, sku: String, sum: &ExactSum| {
        let group = sums.entry((world.teams[team].clone(), sku)).or_default();
        group.add_sum(sum).unwrap();
    };
    for (team, of) in parts.iter().flat_map(|part| part.iter().enumerate()) {
        for (node, name) in world.nodes.iter().enumerate() {
            add(team, format!("VM:{name}:OD"), &of.on_demand[node]);
            add(team, format!("VM:{name}:SPOT"), &of.spot[node]);
        }
        for (sku, name) in world.skus.iter().enumerate() {
            add(team, format!("DBU:{name}"), &of.dbu[sku]);
        }
    }
    sums.retain(|_, sum| *sum != ExactSum::default());
    let seconds = began.elapsed().as_secs_f64();
    let oracle = table(folder, "oracle.csv");
    assert_eq!(oracle.len(), sums.len(), "groups");
    for row in oracle {
        // Both are rounded to 10^-6, once.
        let ours = sums[&(row["team"].clone(), row["sku"].clone())].rounded(6);
        assert_eq!(
            ours.to_string(),
            row["usd"].replace('.', "").trim_start_matches('0'),
            "{row:?}"
        );
    }
    let groups = sums.len();
    println!("  tollgate: {seconds:.3} s, {groups} groups, all equal to the oracle's");
}
