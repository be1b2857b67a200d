//! The part of the catalogue of diagnostics that is about price books: what cannot be imported, and what a check finds.

use crate::errors::{Case, files, prepared, write};

pub fn price_books() -> Vec<Case> {
    let mut all = azure_retail();
    all.extend(list_prices());
    all.push(gcp_skus());
    all.extend(checks());
    all.extend(contracts());
    all
}

fn contracts() -> Vec<Case> {
    let case = |code, term: &str| {
        let text = format!("{{\"contract\": \"acme\", \"currency\": \"USD\", \"terms\": [{term}]}}\n");
        files(
            code,
            "price check contract.json --strict",
            &[("contract.json", &text)],
        )
    };
    vec![
        case("price::term", "{\"meters\": [\"dbu/*\"]}"),
        case(
            "price::pattern",
            "{\"meters\": [\"PREMIUM_*\"], \"discount_percent\": \"10\"}",
        ),
        case(
            "price::unmatched",
            "{\"meters\": [\"dbu/AZURE/PREMIUM_JOB_*\"], \"discount_percent\": \"10\"}",
        ),
        files(
            "price::increment",
            "price check increments.json",
            &[(
                "increments.json",
                "{\"billing_increments\": \"mine\", \"sources\": {\"invoice\": {}}, \"increments\": [\n\
                 {\"meters\": [\"vm/AZURE/*\"], \"increment_seconds\": 0, \"source\": \"invoice\"},\n\
                 {\"meters\": [\"dbu/AZURE/*\"], \"increment_seconds\": 60, \"source\": \"invoice\"}]}\n",
            )],
        ),
        files(
            "price::dear-commitment",
            "price check contract.json --strict",
            &[(
                "contract.json",
                "{\"contract\": \"acme\", \"currency\": \"USD\", \"commitments\": [{\"name\": \"ri\", \"kind\": \"reservation\", \
                 \"cloud\": \"AZURE\", \"from\": \"2026-10-01\", \"to\": \"2026-10-11\", \"quantity\": \"1\", \
                 \"meters\": [\"vm/AZURE/westus2/Standard_DS3_v2/on_demand\"], \"payments\": {\"upfront\": \"60\"}}]}\n",
            )],
        ),
        files(
            "price::commitment",
            "price check contract.json",
            &[(
                "contract.json",
                "{\"contract\": \"acme\", \"currency\": \"USD\", \"commitments\": [{\"name\": \"ri\", \"kind\": \"reservation\", \
                 \"cloud\": \"AZURE\", \"from\": \"2026-10-01\", \"to\": \"2027-10-01\", \"meters\": [\"vm/*\"], \"units\": \"4\", \
                 \"payments\": {\"upfront\": \"10\"}}]}\n",
            )],
        ),
    ]
}

/// An item of the Azure Retail Prices API; `more` takes the place of what it has.
fn item(price: &str, more: &str) -> String {
    format!(
        "{{\"serviceName\": \"Virtual Machines\", \"type\": \"Consumption\", \"productName\": \"Virtual Machines Dsv5 Series\", \"skuName\": \"D4s v5\", \"meterName\": \"D4s v5\", \"armSkuName\": \"Standard_D4s_v5\", \"armRegionName\": \"westus2\", \"unitOfMeasure\": \"1 Hour\", \"currencyCode\": \"USD\", \"effectiveStartDate\": \"2024-01-01T00:00:00Z\", \"retailPrice\": {price}{more}}}"
    )
}

fn page(code: &'static str, items: &[String], next: &str) -> Case {
    let text = format!(
        "{{\"Items\": [\n{}\n], \"NextPageLink\": \"{next}\"}}\n",
        items.join(",\n")
    );
    files(
        code,
        "price import azure-retail page.json --out book.json",
        &[("page.json", &text)],
    )
}

fn azure_retail() -> Vec<Case> {
    let (one, link) = (
        item("0.192", ""),
        "https://prices.azure.com/api/retail/prices?$skip=1000",
    );
    let written = page("price::exists", std::slice::from_ref(&one), "").1;
    vec![
        files(
            "price::page",
            "price import azure-retail page.json",
            &[("page.json", "{\"error\": \"too many requests\"}\n")],
        ),
        page("price::row", &[one.clone(), item("\"0.192\"", "")], ""),
        page(
            "price::currency",
            &[item("0.18", ", \"currencyCode\": \"EUR\"")],
            "",
        ),
        page("price::conflict", &[one.clone(), item("0.376", "")], ""),
        page(
            "price::tier",
            &[one.clone(), item("0.1", ", \"tierMinimumUnits\": 100")],
            "",
        ),
        page("price::incomplete", std::slice::from_ref(&one), link),
        page(
            "price::nothing",
            &[item("0.192", ", \"serviceName\": \"Storage\"")],
            "",
        ),
        ("price::exists", again(written)),
    ]
}

/// The same where the book is there already.
fn again(first: crate::errors::Trigger) -> crate::errors::Trigger {
    match first {
        crate::errors::Trigger::Command(command, prepare) => crate::errors::Trigger::Command(
            command,
            Box::new(move |folder| {
                prepare(folder);
                write(folder, "book.json", "mine\n");
            }),
        ),
        told => told,
    }
}

fn list_prices() -> Vec<Case> {
    let table = |code, rows: &str| {
        let columns =
            "price_start_time,price_end_time,sku_name,cloud,currency_code,usage_unit,pricing.default";
        let command = "price import list-prices table.csv --out book.json";
        files(code, command, &[("table.csv", &format!("{columns}\n{rows}"))])
    };
    vec![
        table(
            "price::clouds",
            "2026-01-01,,PREMIUM_JOBS_COMPUTE,AZURE,USD,DBU,0.30\n2026-01-01,,PREMIUM_JOBS_COMPUTE,AWS,USD,DBU,0.15\n",
        ),
        table(
            "price::gap",
            "2025-01-01,2026-01-01,PREMIUM_JOBS_COMPUTE,AZURE,USD,DBU,0.30\n2026-02-01,,PREMIUM_JOBS_COMPUTE,AZURE,USD,DBU,0.30\n",
        ),
    ]
}

/// Memory of a family, and no cores.
fn gcp_skus() -> Case {
    let sku = |what: &str, unit: &str| {
        format!(
            "{{\"description\": \"{what} running in Netherlands\", \"category\": {{\"resourceFamily\": \"Compute\", \"usageType\": \"OnDemand\"}}, \"serviceRegions\": [\"europe-west4\"], \"pricingInfo\": [{{\"effectiveTime\": \"2026-01-01T00:00:00Z\", \"pricingExpression\": {{\"usageUnit\": \"{unit}\", \"tieredRates\": [{{\"unitPrice\": {{\"currencyCode\": \"USD\", \"nanos\": 4000000}}}}]}}}}]}}"
        )
    };
    let skus = [
        sku("N2 Instance Core", "h"),
        sku("N2 Instance Ram", "GiBy.h"),
        sku("E2 Instance Ram", "GiBy.h"),
    ];
    let page = format!("{{\"skus\": [\n{}\n]}}\n", skus.join(",\n"));
    files(
        "price::no-machine",
        "price import gcp-skus page.json --out book.json",
        &[("page.json", &page)],
    )
}

fn vm(node: &str, option: &str, price: &str, period: &str, more: &str) -> String {
    format!(
        "{{\"meter\": {{\"kind\": \"vm\", \"region\": \"westus2\", \"node_type_id\": \"{node}\", \"purchase_option\": \"{option}\"}}, \"unit\": \"hour\", \"unit_price\": \"{price}\", {period}, \"source\": \"s\"{more}}}"
    )
}

const NODE: &str = "Standard_D4ads_v5";
const OPEN: &str = "\"from\": \"2026-01-01T00:00:00Z\", \"to\": null";

fn check(code: &'static str, rows: &[String]) -> Case {
    let rows = rows.join(",\n  ");
    prepared(code, "price check own.json --strict", move |folder| {
        write(
            folder,
            "own.json",
            format!(
                "{{\"price_book\": \"own\", \"cloud\": \"AZURE\", \"currency\": \"USD\", \"sources\": {{\"s\": {{\"title\": \"t\"}}}},\n \"prices\": [\n  {rows}]}}\n"
            ),
        );
    })
}

fn checks() -> Vec<Case> {
    let on = |price: &str| vm(NODE, "on_demand", price, OPEN, "");
    let tenths = ["Standard_D4ads_v5", "Standard_D8ads_v5", "Standard_D16ads_v5"];
    let pairs = tenths.iter().flat_map(|node| {
        let price = |option, price| vm(node, option, price, OPEN, "");
        [price("on_demand", "0.2"), price("spot", "0.06")]
    });
    vec![
        check(
            "price::spot-not-below",
            &[on("0.206"), vm(NODE, "spot", "0.21", OPEN, "")],
        ),
        check("price::zero", &[on("0")]),
        check("price::ratio", &pairs.collect::<Vec<_>>()),
        check("price::windows", &[on("0.39")]),
        check(
            "price::suspect",
            &[vm(
                NODE,
                "on_demand",
                "0.206",
                OPEN,
                ", \"suspect\": \"typed by hand\"",
            )],
        ),
        check(
            "price::unknown-node-type",
            &[vm("Standard_Made_Up", "on_demand", "0.2", OPEN, "")],
        ),
    ]
}
