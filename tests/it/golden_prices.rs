//! Golden examples of prices: numbers that others published come out to the last digit.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tollgate::model::exact::parse_decimal;
use tollgate::model::place::{Cloud, Tier, Workload};
use tollgate::ops::estimate::{EstimateOptions, Estimated, estimate};
use tollgate::ops::files::Text;
use tollgate::ops::judge::PlaceOptions;
use tollgate::ops::prices::catalogue;
use tollgate::pricing::catalogue::Catalogue;

use crate::bench::{project, shared};

fn dec(text: &str) -> Decimal {
    parse_decimal(text).unwrap()
}

struct Place {
    cloud: Cloud,
    region: Option<&'static str>,
    tier: Tier,
    workload: Workload,
    at: &'static str,
}

const WESTUS2_JOBS: Place = Place {
    cloud: Cloud::Azure,
    region: Some("westus2"),
    tier: Tier::Premium,
    workload: Workload::Job,
    at: "2023-07-03",
};

fn estimated(catalogue: &mut Catalogue, place: &Place, body: &Value, hours: &str) -> Estimated {
    let options = EstimateOptions {
        read: Default::default(),
        place: PlaceOptions {
            cloud: Some(place.cloud),
            region: place.region.map(str::to_owned),
            tier: Some(place.tier),
            ..PlaceOptions::default()
        },
        admission: Default::default(),
        workload: place.workload,
        at: tollgate::model::period::parse_instant(place.at).unwrap(),
        hours_per_month: dec(hours),
    };
    let source = Text {
        below: None,
        source: "request.json".to_owned(),
        text: body.to_string(),
    };
    let (mut found, problems) = estimate(&[source], catalogue, &options).unwrap();
    assert!(problems.0.is_empty(), "{problems}");
    found.remove(0)
}

fn single(node: &str, spot: bool) -> Value {
    let availability = if spot { "SPOT_AZURE" } else { "ON_DEMAND_AZURE" };
    json!({"spark_version": "13.3.x-scala2.12", "node_type_id": node, "num_workers": 0,
        "azure_attributes": {"availability": availability, "first_on_demand": 0}})
}

#[test]
fn one_ds3_v2_costs_what_the_pricing_page_says() {
    // 0.229 + 0.75 x 0.30 = 0.454 on demand; 0.024 + 0.225 = 0.249 on spot, which never discounts the DBU.
    let mut known = catalogue(&[]).unwrap();
    let on_demand = estimated(&mut known, &WESTUS2_JOBS, &single("Standard_DS3_v2", false), "1")
        .estimate
        .max;
    assert_eq!(on_demand.cost_per_hour, Some(dec("0.454")));
    assert_eq!(
        (on_demand.dbu_per_hour, on_demand.dbu_cost_per_hour),
        (Some(dec("0.75")), Some(dec("0.225")))
    );
    let spot = estimated(&mut known, &WESTUS2_JOBS, &single("Standard_DS3_v2", true), "1")
        .estimate
        .max;
    assert_eq!(
        (spot.cost_per_hour, spot.dbu_cost_per_hour),
        (Some(dec("0.249")), Some(dec("0.225")))
    );
}

#[test]
fn ten_nodes_for_a_hundred_hours() {
    // The best-practices guide: 10 x DS13_v2, 100 h, East US 2 at 0.598: VM 598; 2000 DBU at 0.55 or 0.30.
    // Its VM price is older than any bundled book of that region, so it is a book of this test.
    let mut known = catalogue(&[project("tests/fixtures/best-practices-prices.json")]).unwrap();
    let body =
        json!({"spark_version": "13.3.x-scala2.12", "node_type_id": "Standard_DS13_v2", "num_workers": 9});
    for (workload, dbu_cost, total) in [(Workload::AllPurpose, "11", "1698"), (Workload::Job, "6", "1198")] {
        let place = Place {
            region: Some("eastus2"),
            workload,
            at: "2023-07-03",
            ..WESTUS2_JOBS
        };
        let found = estimated(&mut known, &place, &body, "100");
        let size = &found.estimate.max;
        assert_eq!(size.vm_cost_per_hour, Some(dec("5.98")));
        assert_eq!(
            (size.dbu_per_hour, size.dbu_cost_per_hour),
            (Some(dec("20")), Some(dec(dbu_cost)))
        );
        assert_eq!(found.per_month, [Some(dec(total)), Some(dec(total))]);
    }
}

#[test]
fn dbus_alone() {
    // m5.xlarge in Tokyo, Enterprise all-purpose: 0.69 DBU x 0.65 = 0.4485; its VM is another matter.
    let mut known = catalogue(&[]).unwrap();
    let place = Place {
        cloud: Cloud::Aws,
        region: None,
        tier: Tier::Enterprise,
        workload: Workload::AllPurpose,
        at: "2026-05-01",
    };
    let body = json!({"spark_version": "15.4.x-scala2.12", "node_type_id": "m5.xlarge", "num_workers": 0});
    let size = estimated(&mut known, &place, &body, "1").estimate.max;
    assert_eq!(
        (size.dbu_per_hour, size.dbu_cost_per_hour),
        (Some(dec("0.69")), Some(dec("0.4485")))
    );
    assert_eq!(
        (size.vm_cost_per_hour, size.cost_per_hour),
        (None, None),
        "no region, no VM price, no guess"
    );
    // Prices per DBU that infracost's golden files multiply: 500 x .55, 1000 x .30, 2000 x .22, 1000 x .40.
    let at = tollgate::model::period::parse_instant("2026-05-01").unwrap();
    known.load(Cloud::Azure, None).unwrap();
    let dbus = [
        ("PREMIUM_ALL_PURPOSE_COMPUTE", 500, "275"),
        ("PREMIUM_JOBS_COMPUTE", 1000, "300"),
        ("PREMIUM_JOBS_LIGHT_COMPUTE", 2000, "440"),
        ("STANDARD_ALL_PURPOSE_COMPUTE", 1000, "400"),
    ];
    for (sku, quantity, cost) in dbus {
        let meter = format!("dbu/AZURE/{sku}").parse().unwrap();
        let price = known.book.price_at(&meter, at).unwrap();
        assert_eq!(price.unit_price.0 * Decimal::from(quantity), dec(cost), "{sku}");
    }
}

#[test]
fn photon_is_priced_where_its_rate_is_published_and_unknown_elsewhere() {
    // 3 x D8ds_v4 on Photon for jobs: 3 x 3.75 = 11.25 DBU x 0.30 = 3.375, VM 3 x 0.452 = 1.356.
    let mut known = catalogue(&[]).unwrap();
    let place = Place {
        at: "2026-10-01",
        ..WESTUS2_JOBS
    };
    let body = |node: &str| json!({"spark_version": "15.4.x-scala2.12", "node_type_id": node, "num_workers": 2, "runtime_engine": "PHOTON"});
    let size = estimated(&mut known, &place, &body("Standard_D8ds_v4"), "1")
        .estimate
        .max;
    assert_eq!(
        (size.dbu_per_hour, size.cost_per_hour),
        (Some(dec("11.25")), Some(dec("4.731")))
    );
    let unknown = estimated(&mut known, &place, &body("Standard_F4s"), "1").estimate;
    assert_eq!(
        (unknown.max.dbu_per_hour, unknown.max.cost_per_hour),
        (None, None)
    );
    assert_eq!(unknown.unpriced, ["dbu/AZURE/PREMIUM_JOBS_COMPUTE_(PHOTON)"]);
}

#[test]
fn every_row_of_the_published_page() {
    let Some(shared) = shared("every_row_of_the_published_page") else {
        return;
    };
    let mut known = catalogue(&[]).unwrap();
    let mut reader =
        csv::Reader::from_path(shared.join("data/pricing/golden_azure_page_westus2_2023.csv")).unwrap();
    let names = reader.headers().unwrap().clone();
    let column = |name: &str| names.iter().position(|h| h == name).unwrap();
    let (node, payg, spot) = (
        column("node_type"),
        column("total_payg_page"),
        column("total_spot_page"),
    );
    let mut rows = 0;
    for row in reader.records().map(Result::unwrap) {
        for (spot_wanted, total) in [(false, &row[payg]), (true, &row[spot])] {
            let body = single(&row[node], spot_wanted);
            let found = estimated(&mut known, &WESTUS2_JOBS, &body, "1").estimate;
            assert_eq!(
                found.max.cost_per_hour,
                Some(dec(total)),
                "{} spot: {spot_wanted}",
                &row[node]
            );
        }
        rows += 1;
    }
    assert!(rows >= 98, "{rows}");
}
