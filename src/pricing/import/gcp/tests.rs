//! Machines put together from made-up prices of cores and memory.

use super::*;
use crate::model::money::Currency;
use crate::model::period::{Instant, parse_instant};
use crate::pricing::price_book::PriceBook;

const RATES: &str = r#"{"node_rates":"g","cloud":"GCP","sources":{},"node_types":[
 {"node_type_id":"n2-standard-4","vcpus":4,"memory_mb":16384,"rates":[]},
 {"node_type_id":"n2-odd","vcpus":3,"memory_mb":1000,"rates":[]},
 {"node_type_id":"e2_highcpu_16","vcpus":16,"memory_mb":16384,"rates":[]},
 {"node_type_id":"c3-standard-4 (-lssd)","vcpus":4,"memory_mb":16384,"rates":[]},
 {"node_type_id":"g2-standard-4","vcpus":4,"memory_mb":16384,"rates":[]},
 {"node_type_id":"n4-unknown","rates":[]}]}"#;

fn import_of(pages: &[String], regions: &[String]) -> Result<Imported, Diagnostics> {
    let mut rates = NodeRates::default();
    rates.add("r.json", RATES).unwrap();
    let names: Vec<String> = (0..pages.len()).map(|i| format!("p{i}.json")).collect();
    let inputs: Vec<Input<'_>> = pages
        .iter()
        .zip(&names)
        .map(|(text, source)| Input { source, text })
        .collect();
    let expected = Expected {
        currency: Currency::USD,
        retrieved: parse_instant("2026-10-01").unwrap(),
    };
    gcp_skus(&inputs, &expected, regions, &rates)
}

fn import(pages: &[String]) -> Result<Imported, Diagnostics> {
    import_of(pages, &[])
}

/// A SKU: what it is, what it costs in nanos a unit, from when on.
fn sku(description: &str, nanos: &str, from: &str) -> String {
    let usage_type = match description.starts_with("Spot") {
        true => "Preemptible",
        false => "OnDemand",
    };
    let (unit, group) = match description.contains(" Ram ") {
        true => ("GiBy.h", "RAM"),
        false => ("h", "CPU"),
    };
    format!(
        "{{\"skuId\":\"A\",\"description\":\"{description}\",\"category\":{{\"serviceDisplayName\":\"Compute Engine\",\"resourceFamily\":\"Compute\",\"resourceGroup\":\"{group}\",\"usageType\":\"{usage_type}\"}},\"serviceRegions\":[\"europe-west4\",\"us-east1\"],\"pricingInfo\":[{{\"effectiveTime\":\"{from}\",\"pricingExpression\":{{\"usageUnit\":\"{unit}\",\"displayQuantity\":1,\"tieredRates\":[{{\"startUsageAmount\":0,\"unitPrice\":{{\"currencyCode\":\"USD\",\"units\":\"0\",\"nanos\":{nanos}}}}}]}},\"currencyConversionRate\":1}}]}}"
    )
}

fn page(skus: &[String], token: &str) -> String {
    format!(
        "{{\"skus\":[\n{}\n],\"nextPageToken\":\"{token}\"}}",
        skus.join(",\n")
    )
}

const CORE: &str = "N2 Instance Core running in Americas";
const RAM: &str = "N2 Instance Ram running in Americas";
const JAN: &str = "2026-01-01T00:00:00Z";

fn rows(imported: &Imported) -> Vec<String> {
    let mut book = PriceBook::default();
    book.add("b.json", &imported.draft.text()).unwrap();
    assert_eq!(book.len(), imported.draft.rows.len());
    let day = |at: Option<Instant>| at.map_or("-".to_owned(), |at| at.format("%Y-%m-%d").to_string());
    book.find("europe-west4")
        .into_iter()
        .map(|(meter, e)| format!("{meter} {} {} {}", e.price.unit_price, day(e.from), day(e.to)))
        .collect()
}

/// With a pocket calculator: n2-standard-4 is 4 x 0.03 + 16 GiB x 0.004 = 0.184, spot 4 x 0.01 + 16 x 0.001 = 0.056.
/// n2-odd is 3 x 0.03 + 1000/1024 GiB x 0.004 = 0.09 + 0.9765625 x 0.004 = 0.09390625, spot 0.03 + 0.0009765625 = 0.0309765625.
#[test]
fn a_machine_costs_its_cores_and_its_memory() {
    let skus = [
        sku(CORE, "30000000", JAN),
        sku(RAM, "4000000", JAN),
        sku(
            "Spot Preemptible N2 Instance Core running in Americas",
            "10000000",
            JAN,
        ),
        sku(
            "Spot Preemptible N2 Instance Ram running in Americas",
            "1000000",
            JAN,
        ),
        sku("E2 Instance Core running in Americas", "20000000", JAN),
        sku("C3 Instance Core running in Americas", "20000000", JAN),
        sku("C3 Instance Ram running in Americas", "20000000", JAN),
        sku("G2 Instance Core running in Americas", "20000000", JAN),
        sku("N2 Custom Instance Core running in Americas", "31000000", JAN),
        sku("T2D AMD Instance Core running in Americas", "31000000", JAN),
        sku("Storage PD Capacity", "1", JAN).replace("\"Compute\"", "\"Storage\""),
        sku("Commitment v1: N2 Cpu in Americas for 1 Year", "1", JAN).replace("OnDemand", "Commit1Yr"),
        sku("N2 Sole Tenancy Instance Ram running in Americas", "1", JAN),
        sku("Memory-optimized Instance Core running in Americas", "1", JAN),
    ];
    let imported = import(&[page(&skus[..7], "more"), page(&skus[7..], "")]).unwrap();
    assert_eq!(
        rows(&imported),
        [
            "vm/GCP/europe-west4/n2-odd/on_demand 0.09390625 2026-01-01 -",
            "vm/GCP/europe-west4/n2-odd/spot 0.0309765625 2026-01-01 -",
            "vm/GCP/europe-west4/n2-standard-4/on_demand 0.184 2026-01-01 -",
            "vm/GCP/europe-west4/n2-standard-4/spot 0.056 2026-01-01 -",
        ]
    );
    let left: Vec<String> = imported
        .left_out
        .iter()
        .map(|(reason, n)| format!("{} {} {n}", reason.as_str(), reason.of().unwrap_or_default()))
        .collect();
    assert_eq!(
        left,
        [
            "not_consumption  1",
            "unknown_meter memory-optimized instance core 1",
            "not_a_machine  1",
            "not_predefined  2",
            "no_node_type t2d 1",
        ]
    );
    let said: Vec<&str> = imported.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "no price for 1 node type with GPUs: a GPU is a SKU of its own (g2-standard-4)",
            "no price for 1 node type with local disks: a disk is a SKU of its own (c3-standard-4 (-lssd))",
            "no price for 4 lines of which only one part is told (e2 on_demand in europe-west4: memory, e2 on_demand in us-east1: memory, g2 on_demand in europe-west4: memory, ...)",
        ]
    );
    let one = import_of(&[page(&skus, "")], &["us-east1".to_owned()]).unwrap();
    assert_eq!(one.draft.rows.len(), 4);
    assert_eq!(
        import_of(&[page(&skus, "")], &["mars".to_owned()]).unwrap_err().0[0].code,
        "price::nothing"
    );
}

/// Cores become dearer in March and memory in May: three periods; 4 x 0.04 + 16 x 0.004 = 0.224, with memory at 0.005 0.24.
#[test]
fn a_change_of_either_part_is_a_change_of_the_machine() {
    let skus = [
        sku(CORE, "40000000", "2026-03-01T00:00:00Z"),
        sku(CORE, "30000000", JAN),
        sku(RAM, "4000000", "2026-01-15T10:00:00.250Z"),
        sku(RAM, "5000000", "2026-05-01T00:00:00Z"),
    ];
    let imported = import(&[page(&skus, "")]).unwrap();
    let standard: Vec<String> = rows(&imported)
        .into_iter()
        .filter(|row| row.contains("standard"))
        .collect();
    assert_eq!(
        standard,
        [
            "vm/GCP/europe-west4/n2-standard-4/on_demand 0.184 2026-01-15 2026-03-01",
            "vm/GCP/europe-west4/n2-standard-4/on_demand 0.224 2026-03-01 2026-05-01",
            "vm/GCP/europe-west4/n2-standard-4/on_demand 0.24 2026-05-01 -",
        ]
    );
    // Both parts have a price from the later of the two on, in whole seconds.
    assert_eq!(
        imported.draft.rows.iter().map(|row| row.from).min(),
        Some(parse_instant("2026-01-15T10:00:00Z").unwrap())
    );
}

#[test]
fn two_prices_of_a_part_at_once_are_a_conflict() {
    let found = import(&[
        page(&[sku(CORE, "30000000", JAN)], ""),
        page(
            &[sku("N2 Instance Core running in Netherlands", "31000000", JAN)],
            "",
        ),
    ])
    .unwrap_err();
    assert_eq!(found.0[0].code, "price::conflict");
    assert!(
        found.0[0]
            .message
            .contains("a core of n2 on_demand in europe-west4"),
        "{found}"
    );
    assert!(found.0[0].message.contains("(p0.json:2 skus.0)"), "{found}");
}

#[test]
fn hostile_pages_are_diagnostics() {
    let good = page(&[sku(CORE, "30000000", JAN), sku(RAM, "4000000", JAN)], "");
    for (text, code) in [
        (String::new(), "price::page"),
        ("[]".to_owned(), "price::page"),
        ("{\"skus\": {}}".to_owned(), "price::page"),
        ("[".repeat(100_000), "price::syntax"),
        (good[..300].to_owned(), "price::syntax"),
        (page(&["7".to_owned()], ""), "price::row"),
        (page(&["{}".to_owned()], ""), "price::row"),
        (
            good.replace("\"pricingInfo\":[", "\"pricingInfos\":["),
            "price::row",
        ),
        (good.replace("\"unitPrice\":{", "\"unitPrices\":{"), "price::row"),
        (good.replace("[\"europe-west4\",", "[7,"), "price::row"),
        (good.replace("4000000", "-4000000"), "price::number"),
        (good.replace("4000000", "0.5"), "price::number"),
        (good.replace("4000000", "1e9"), "price::number"),
        (good.replace("4000000", "1e400"), "price::number"),
        (
            good.replace("\"units\":\"0\"", "\"units\":\"-1\""),
            "price::number",
        ),
        (
            good.replace("\"units\":\"0\"", "\"units\":\"99999999999999999999\""),
            "price::number",
        ),
        (good.replace(JAN, "soon"), "price::instant"),
        (good.replace("\"USD\"", "\"EUR\""), "price::currency"),
        (good.replace("\"h\"", "\"mo\""), "price::nothing"),
        (page(&[], ""), "price::nothing"),
    ] {
        let found = import(std::slice::from_ref(&text)).unwrap_err();
        assert_eq!(found.0[0].code, code, "{text:.80}\n{found}");
    }
    let tiers = good.replace("\"startUsageAmount\":0", "\"startUsageAmount\":10");
    assert!(
        import(&[tiers])
            .unwrap_err()
            .0
            .iter()
            .any(|d| d.code == "price::tier")
    );
    let more = import(&[page(&[sku(CORE, "1", JAN), sku(RAM, "1", JAN)], "abc")]).unwrap();
    assert!(more.warnings.iter().any(|d| d.code == "price::incomplete"));
}
