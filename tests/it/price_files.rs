//! The bundled price files are what their schemas say, and no number in them is a float.

use std::fs;

use serde_json::Value;
use tollgate::model::document::Document;
use tollgate::model::schema::Schema;
use tollgate::ops::files::{below, has_extension};

use crate::bench::project;

#[test]
fn every_price_file_fits_its_schema() {
    let schema = |name: &str| {
        Schema::parse(&fs::read_to_string(project("pricing/schema").join(name)).unwrap()).unwrap()
    };
    let (books, rates) = (schema("price_book.schema.json"), schema("node_rates.schema.json"));
    let contracts = schema("contract.schema.json");
    let increments = schema("billing_increments.schema.json");
    let mut seen = 0;
    for folder in [
        "pricing/increments.json",
        "pricing/aws",
        "pricing/azure",
        "pricing/gcp",
        "examples/october",
        "tests/fixtures",
        "tests/cli/price-import.out",
        "tests/cli/contract.in",
    ] {
        for file in below(&project(folder), &|p| has_extension(p, &["json"])).unwrap() {
            let value: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            let schema = if value.get("price_book").is_some() {
                &books
            } else if value.get("node_rates").is_some() {
                &rates
            } else if value.get("contract").is_some() {
                &contracts
            } else if value.get("billing_increments").is_some() {
                &increments
            } else {
                continue;
            };
            let document = Document::parse(&file.display().to_string(), &value.to_string()).unwrap();
            schema
                .check(&document, "price::schema")
                .unwrap_or_else(|e| panic!("{e}"));
            assert!(!holds_a_float(&value), "{}", file.display());
            seen += 1;
        }
    }
    assert!(seen >= 16, "{seen}");
}

fn holds_a_float(value: &Value) -> bool {
    match value {
        Value::Number(n) => n.is_f64(),
        Value::Array(items) => items.iter().any(holds_a_float),
        Value::Object(map) => map.values().any(holds_a_float),
        _ => false,
    }
}
