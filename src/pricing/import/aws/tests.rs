//! What is taken of made-up offer files and histories, and why the rest is not.

use super::*;
use crate::model::money::Currency;
use crate::model::period::Instant;
use crate::pricing::price_book::PriceBook;
use proptest::prelude::*;

fn expected() -> Expected {
    Expected {
        currency: Currency::USD,
        retrieved: parse_instant("2026-10-01").unwrap(),
    }
}

/// A product; `change` are members put in the place of those it has.
fn product(sku: &str, change: &str) -> String {
    let base = concat!(
        r#""servicecode":"AmazonEC2","location":"EU (Ireland)","locationType":"AWS Region","instanceType":"m5.xlarge","#,
        r#""tenancy":"Shared","operatingSystem":"Linux","licenseModel":"No License required","usagetype":"EU-BoxUsage:m5.xlarge","#,
        r#""capacitystatus":"Used","preInstalledSw":"NA","regionCode":"eu-west-1","marketoption":"OnDemand","vcpu":"4""#
    );
    let mut attributes: Vec<(String, String)> = Vec::new();
    let all: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&format!("{{{base}{change}}}")).unwrap();
    for (name, value) in all {
        attributes.push((name, value.to_string()));
    }
    let family = match change.contains("\"family\"") {
        true => "Storage",
        false => "Compute Instance",
    };
    let members: Vec<String> = attributes.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
    format!(
        "\"{sku}\":{{\"sku\":\"{sku}\",\"productFamily\":\"{family}\",\"attributes\":{{{}}}}}",
        members.join(",")
    )
}

fn term(sku: &str, price: &str, from: &str) -> String {
    format!(
        "\"{sku}\":{{\"{sku}.JRTCKXETXF\":{{\"offerTermCode\":\"JRTCKXETXF\",\"sku\":\"{sku}\",\"effectiveDate\":\"{from}T00:00:00Z\",\"priceDimensions\":{{\"{sku}.JRTCKXETXF.6YS6EN2CT7\":{{\"unit\":\"Hrs\",\"beginRange\":\"0\",\"endRange\":\"Inf\",\"pricePerUnit\":{{\"USD\":\"{price}\"}},\"appliesTo\":[]}}}},\"termAttributes\":{{}}}}}}"
    )
}

fn offer(products: &[String], terms: &[String]) -> String {
    format!(
        "{{\"formatVersion\":\"v1.0\",\"disclaimer\":\"made up\",\"offerCode\":\"AmazonEC2\",\"version\":\"1\",\"products\":{{\n{}\n}},\"terms\":{{\"OnDemand\":{{\n{}\n}},\"Reserved\":{{\"A\":{{\"A.1\":{{\"priceDimensions\":[]}}}}}}}}}}",
        products.join(",\n"),
        terms.join(",\n")
    )
}

fn spot_row(zone: &str, price: &str, at: &str) -> String {
    format!(
        "{{\"AvailabilityZone\":\"{zone}\",\"InstanceType\":\"m5.xlarge\",\"ProductDescription\":\"Linux/UNIX\",\"SpotPrice\":\"{price}\",\"Timestamp\":\"{at}\"}}"
    )
}

fn history(rows: &[String]) -> String {
    format!("{{\"SpotPriceHistory\":[\n{}\n]}}", rows.join(",\n"))
}

fn import_only(texts: &[Vec<u8>], only: &Only) -> Result<Imported, Diagnostics> {
    let source = |(i, text): (usize, &Vec<u8>)| Source {
        name: format!("f{i}"),
        input: Input::of(text.clone()),
    };
    let sources = texts.iter().enumerate().map(source).collect();
    aws_price_list(sources, &expected(), only)
}

fn import(texts: &[String]) -> Result<Imported, Diagnostics> {
    let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.clone().into_bytes()).collect();
    import_only(&texts, &Only::default())
}

/// What the book says, read back.
fn rows(imported: &Imported) -> Vec<String> {
    let mut book = PriceBook::default();
    book.add("b.json", &imported.draft.text()).unwrap();
    assert_eq!(book.len(), imported.draft.rows.len());
    let day = |at: Option<Instant>| at.map_or("-".to_owned(), |at| at.format("%Y-%m-%d").to_string());
    book.find("")
        .into_iter()
        .map(|(meter, e)| format!("{meter} {} {} {}", e.price.unit_price, day(e.from), day(e.to)))
        .collect()
}

fn left(imported: &Imported) -> Vec<String> {
    let told = |(reason, n): (&LeftOut, &usize)| {
        let of = reason.of().map_or(String::new(), |of| format!(" {of}"));
        format!("{}{of} {n}", reason.as_str())
    };
    imported.left_out.iter().map(told).collect()
}

#[test]
fn one_price_per_size_is_taken_and_the_rest_is_counted() {
    let products = [
        product("GOOD", ""),
        product(
            "METAL",
            ",\"instanceType\":\"m5.metal\",\"usagetype\":\"BoxUsage:m5.metal\"",
        ),
        product("WIN", ",\"operatingSystem\":\"Windows\""),
        product("RHEL", ",\"operatingSystem\":\"RHEL\""),
        product("DED", ",\"tenancy\":\"Dedicated\""),
        product("SQL", ",\"preInstalledSw\":\"SQL Std\""),
        product("BYOL", ",\"licenseModel\":\"Bring your own license\""),
        product("HOST", ",\"usagetype\":\"EU-HostBoxUsage:m5.xlarge\""),
        product("UNUSED", ",\"capacitystatus\":\"UnusedCapacityReservation\""),
        product("BLOCK", ",\"marketoption\":\"CapacityBlock\""),
        product(
            "LAX",
            ",\"locationType\":\"AWS Local Zone\",\"regionCode\":\"us-west-2-lax-1\"",
        ),
        product("DISK", ",\"family\":\"\""),
        product("NOWHERE", ",\"regionCode\":\"\""),
        product(
            "UNPRICED",
            ",\"instanceType\":\"m5.2xlarge\",\"usagetype\":\"EU-BoxUsage:m5.2xlarge\"",
        ),
        product("FREE", ",\"instanceType\":\"m5.4xlarge\""),
    ];
    let terms = [
        term("GOOD", "0.2140000000", "2026-09-01"),
        term("METAL", "5.136", "2026-09-01"),
        term("WIN", "0.398", "2026-09-01"),
        term("DED", "0.227", "2026-09-01"),
        term("FREE", "0.0000000000", "2026-09-01"),
    ];
    let imported = import(&[offer(&products, &terms)]).unwrap();
    assert_eq!(
        rows(&imported),
        [
            "vm/AWS/eu-west-1/m5.metal/on_demand 5.136 2026-09-01 -",
            "vm/AWS/eu-west-1/m5.xlarge/on_demand 0.214 2026-09-01 -",
        ]
    );
    assert_eq!(
        left(&imported),
        [
            "not_consumption 1",
            "no_size_or_region 1",
            "price_zero 1",
            "not_a_machine 1",
            "other_location 1",
            "other_system rhel 1",
            "other_system windows 1",
            "other_tenancy 1",
            "pre_installed_software 1",
            "licence 1",
            "not_box_usage 2",
            "no_on_demand_price 1",
        ]
    );
    assert_eq!(
        imported.rows,
        imported.draft.rows.len() + imported.left_out.values().sum::<usize>()
    );
}

/// The same offer as CSV, as the vendor lays it out.
const CSV: &str = concat!(
    "\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"made up\"\n\"Publication Date\",\"2026-09-12T22:53:08Z\"\n",
    "\"Version\",\"20260912225308\"\n\"OfferCode\",\"AmazonEC2\"\n",
    "\"SKU\",\"OfferTermCode\",\"RateCode\",\"TermType\",\"PriceDescription\",\"EffectiveDate\",\"StartingRange\",\"EndingRange\",\"Unit\",",
    "\"PricePerUnit\",\"Currency\",\"LeaseContractLength\",\"Product Family\",\"serviceCode\",\"Location\",\"Location Type\",\"Instance Type\",",
    "\"Tenancy\",\"Operating System\",\"License Model\",\"usageType\",\"operation\",\"CapacityStatus\",\"Pre Installed S/W\",\"Region Code\"\n",
    "\"GOOD\",\"JRTCKXETXF\",\"GOOD.1\",\"OnDemand\",\"$0.214 per On Demand Linux m5.xlarge Instance Hour\",\"2026-09-01\",\"0\",\"Inf\",\"Hrs\",",
    "\"0.2140000000\",\"USD\",,\"Compute Instance\",\"AmazonEC2\",\"EU (Ireland)\",\"AWS Region\",\"m5.xlarge\",",
    "\"Shared\",\"Linux\",\"No License required\",\"EU-BoxUsage:m5.xlarge\",\"RunInstances\",\"Used\",\"NA\",\"eu-west-1\"\n",
    "\"GOOD\",\"4NA7Y494T4\",\"GOOD.2\",\"Reserved\",\"Linux/UNIX (Amazon VPC), m5.xlarge reserved\",\"2026-09-01\",\"0\",\"Inf\",\"Hrs\",",
    "\"0.1340000000\",\"USD\",\"1yr\",\"Compute Instance\",\"AmazonEC2\",\"EU (Ireland)\",\"AWS Region\",\"m5.xlarge\",",
    "\"Shared\",\"Linux\",\"No License required\",\"EU-BoxUsage:m5.xlarge\",\"RunInstances\",\"Used\",\"NA\",\"eu-west-1\"\n",
);

#[test]
fn csv_says_what_json_says() {
    let json = import(&[offer(
        &[product("GOOD", "")],
        &[term("GOOD", "0.214", "2026-09-01")],
    )])
    .unwrap();
    let csv = import(&[CSV.to_owned()]).unwrap();
    assert_eq!(json.draft, csv.draft);
    assert_eq!(left(&csv), ["not_consumption 1"]);
    let both = import(&[CSV.to_owned(), CSV.to_owned()]).unwrap();
    assert_eq!(left(&both), ["not_consumption 2", "repeated 1"]);
    // A fault has the line of the file, with those before the header.
    let found = import(&[CSV.replace("\"0.2140000000\"", "\"cheap\"")]).unwrap_err();
    assert_eq!((found.0[0].code, found.0[0].line), ("price::number", 7));
}

#[test]
fn files_of_several_months_follow_each_other() {
    let of = |price: &str, from: &str| offer(&[product("GOOD", "")], &[term("GOOD", price, from)]);
    let imported = import(&[
        of("0.20", "2026-09-01"),
        of("0.214", "2026-01-01"),
        of("0.214", "2026-03-01"),
    ])
    .unwrap();
    assert_eq!(
        rows(&imported),
        [
            "vm/AWS/eu-west-1/m5.xlarge/on_demand 0.214 2026-01-01 2026-09-01",
            "vm/AWS/eu-west-1/m5.xlarge/on_demand 0.2 2026-09-01 -",
        ]
    );
    let found = import(&[of("0.20", "2026-09-01"), of("0.21", "2026-09-01")]).unwrap_err();
    assert_eq!((found.0.len(), found.0[0].code), (1, "price::conflict"));
    assert!(
        found.0[0]
            .message
            .contains("(f0:4 terms.OnDemand.GOOD.GOOD.JRTCKXETXF)"),
        "{found}"
    );
}

#[test]
fn spot_prices_of_a_zone_follow_each_other_and_zones_must_agree() {
    let rows_of = [
        spot_row("eu-west-1a", "0.081200", "2026-10-02T10:20:30.500Z"),
        spot_row("eu-west-1a", "0.080000", "2026-10-01T00:00:00+00:00"),
        spot_row("eu-west-1b", "0.090000", "2026-10-01T00:00:00+00:00"),
        spot_row("us-west-2-lax-1a", "0.1", "2026-10-01T00:00:00Z"),
        spot_row("eu-west-1a", "0.2", "2026-10-01T00:00:00Z").replace("Linux/UNIX", "Windows"),
    ];
    let found = import(&[history(&rows_of)]).unwrap_err();
    assert_eq!((found.0.len(), found.0[0].code), (1, "price::conflict"));
    assert!(found.0[0].hint.as_deref().unwrap().contains("--zone"), "{found}");
    let only = Only {
        zones: vec!["eu-west-1a".to_owned()],
        ..Only::default()
    };
    let imported = import_only(&[history(&rows_of).into_bytes()], &only).unwrap();
    assert_eq!(
        rows(&imported),
        [
            "vm/AWS/eu-west-1/m5.xlarge/spot 0.08 2026-10-01 2026-10-02",
            "vm/AWS/eu-west-1/m5.xlarge/spot 0.0812 2026-10-02 -",
        ]
    );
    // Everything is billed in whole seconds.
    assert_eq!(
        imported.draft.rows[1].from,
        parse_instant("2026-10-02T10:20:30Z").unwrap()
    );
    assert_eq!(
        left(&imported),
        ["other_location 1", "other_system windows 1", "other_zone 1"]
    );
    let told = import(&[history(&rows_of[..1]).replacen('{', "{\"NextToken\":\"abc\",", 1)]).unwrap();
    assert_eq!(told.warnings[0].code, "price::incomplete");
}

#[test]
fn files_of_something_else_are_diagnostics() {
    let good = offer(&[product("GOOD", "")], &[term("GOOD", "0.214", "2026-09-01")]);
    for (text, code) in [
        (String::new(), "price::page"),
        ("{}".to_owned(), "price::page"),
        ("[]".to_owned(), "price::page"),
        ("{\"products\": []}".to_owned(), "price::page"),
        (
            good.replace("AmazonEC2\",\"version", "AmazonRDS\",\"version"),
            "price::page",
        ),
        ("{\"terms\": {}, \"products\": {}}".to_owned(), "price::page"),
        ("[".repeat(100_000), "price::page"),
        (format!("{{\"a\":{}", "[".repeat(100_000)), "price::syntax"),
        (good[..good.len() - 40].to_owned(), "price::syntax"),
        (format!("{good}{good}"), "price::syntax"),
        (good.replace("\"0.214\"", "0.214"), "price::row"),
        (
            good.replace("\"tenancy\":\"Shared\"", "\"tenancy\":7"),
            "price::row",
        ),
        (good.replace("{\"USD\":\"0.214\"}", "{}"), "price::row"),
        (good.replace("0.214", "-0.214"), "price::number"),
        (good.replace("0.214", "1e400"), "price::number"),
        (good.replace("2026-09-01T", "soon"), "price::instant"),
        (good.replace("\"USD\"", "\"CNY\""), "price::currency"),
        (good.replace("\"Shared\"", "\"Host\""), "price::nothing"),
        ("name,price\nx,1\n".to_owned(), "price::page"),
        (CSV.replace("AmazonEC2\"\n", "AmazonRDS\"\n"), "price::page"),
        (CSV.replace("\"PricePerUnit\",", "\"Price\","), "price::page"),
        ("PAR1 and so on".to_owned(), "price::page"),
        ("\u{1f}\u{8b}".to_owned(), "price::page"),
    ] {
        let found = import(std::slice::from_ref(&text)).unwrap_err();
        assert_eq!(found.0[0].code, code, "{text:.80}\n{found}");
    }
    let gzip = vec![0x1f, 0x8b, 8, 0, 0];
    let found = import_only(&[gzip], &Only::default()).unwrap_err();
    assert_eq!(found.0[0].code, "file::damaged");
    let tiers = good.replace("\"beginRange\":\"0\"", "\"beginRange\":\"100\"");
    let found = import(&[tiers]).unwrap_err();
    let codes: Vec<&str> = found.0.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["price::nothing", "price::tier"]);
}

proptest! {
    /// Files in any order make the same bytes, or are refused alike.
    #[test]
    fn the_order_of_files_is_nothing(
        prices in proptest::collection::vec((1_u32..4, 1_u32..4, any::<bool>()), 1..9), turn in 0_usize..9,
    ) {
        let mut files: Vec<String> = prices
            .iter()
            .map(|(price, month, is_spot)| match is_spot {
                true => history(&[spot_row("eu-west-1a", &format!("0.0{price}"), &format!("2026-0{month}-01T00:00:00Z"))]),
                false => offer(&[product("GOOD", "")], &[term("GOOD", &format!("0.{price}"), &format!("2026-0{month}-01"))]),
            })
            .collect();
        let first = import(&files);
        files.reverse();
        let by = turn % files.len();
        files.rotate_left(by);
        match (first, import(&files)) {
            (Ok(one), Ok(other)) => {
                prop_assert_eq!(one.draft.text(), other.draft.text());
                prop_assert_eq!(one.left_out, other.left_out);
            }
            (Err(one), Err(other)) => prop_assert_eq!(one.0.len(), other.0.len()),
            _ => prop_assert!(false),
        }
    }
}
