//! What a contract says, and how it is read.

use super::*;
use crate::pricing::price_book::PriceBook;

fn contract(terms: &str) -> Result<Contract, Diagnostics> {
    let text = format!(r#"{{"contract":"acme","currency":"USD","terms":{terms}}}"#);
    Contract::parse("acme.json", &text)
}

fn agreed(currency: &str, terms: &str) -> Result<PriceBook, Diagnostics> {
    let mut book = PriceBook::default();
    let rows = r#"[
        {"meter":{"kind":"dbu","sku_name":"JOBS"},"unit":"DBU","unit_price":"0.30","from":null,"to":"2026-10-16","source":"s"},
        {"meter":{"kind":"dbu","sku_name":"JOBS"},"unit":"DBU","unit_price":"0.33","from":"2026-10-16","to":null,"source":"s"},
        {"meter":{"kind":"dbu","sku_name":"SQL"},"unit":"DBU","unit_price":"0.22","from":"2026-10-01","to":null,"source":"s"}]"#;
    let text = format!(
        r#"{{"price_book":"b","cloud":"AZURE","currency":"{currency}","sources":{{"s":{{}}}},"prices":{rows}}}"#
    );
    book.add("b.json", &text).unwrap();
    book.agree(&[contract(terms)?])?;
    Ok(book)
}

/// `instant: owed of list`, where the price changes.
fn shown(book: &PriceBook, meter: &str) -> Vec<String> {
    let found = book.find(meter);
    let from = |e: &Effective| e.from.map_or("ever".to_owned(), |at| at.date_naive().to_string());
    let line = |e: &Effective| {
        let price = &e.price;
        let list = price.list_unit_price.map_or("list".to_owned(), |p| p.to_string());
        format!("{}: {} of {list}", from(e), price.unit_price)
    };
    found.iter().map(|(_, e)| line(e)).collect()
}

#[test]
fn a_term_holds_as_long_as_it_says_over_each_list_price() {
    // 12.5 percent off 0.30 are 0.2625, off 0.33 they are 0.28875.
    let terms =
        r#"[{"meters":["dbu/*/JOBS*"],"discount_percent":"12.5","from":"2026-10-10","to":"2026-11-01"}]"#;
    let book = agreed("USD", terms).unwrap();
    assert_eq!(
        shown(&book, "JOBS"),
        [
            "ever: 0.3 of list",
            "2026-10-10: 0.2625 of 0.3",
            "2026-10-16: 0.28875 of 0.33",
            "2026-11-01: 0.33 of list"
        ]
    );
    assert_eq!(shown(&book, "SQL"), ["2026-10-01: 0.22 of list"]);
    let source = &book.find("JOBS")[1].1.price.source;
    assert_eq!(&**source, "acme#terms.0 on b#s");
}

#[test]
fn the_first_term_counts_and_a_second_look_changes_nothing() {
    let terms = r#"[{"meters":["dbu/AZURE/SQL"],"unit_price":"0.20","from":"2026-10-05","to":"2026-10-08"},
                    {"meters":["*"],"discount_percent":"50"}]"#;
    let mut book = agreed("USD", terms).unwrap();
    let once = [
        "2026-10-01: 0.11 of 0.22",
        "2026-10-05: 0.2 of 0.22",
        "2026-10-08: 0.11 of 0.22",
    ];
    assert_eq!(shown(&book, "SQL"), once);
    book.agree(&[contract(terms).unwrap()]).unwrap();
    assert_eq!(shown(&book, "SQL"), once);
}

#[test]
fn what_is_wrong_is_told_with_its_term() {
    for (terms, code) in [
        ("{}", "price::syntax"),
        (r#"[{"meters":[],"unit_price":"1"}]"#, "price::term"),
        (r#"[{"meters":["*"]}]"#, "price::term"),
        (
            r#"[{"meters":["*"],"unit_price":"1","discount_percent":"1"}]"#,
            "price::term",
        ),
        (r#"[{"meters":["JOBS"],"unit_price":"1"}]"#, "price::pattern"),
        (
            r#"[{"meters":["*"],"discount_percent":"100.1"}]"#,
            "price::number",
        ),
        (r#"[{"meters":["*"],"discount_percent":"-1"}]"#, "price::number"),
        (r#"[{"meters":["*"],"unit_price":"-1"}]"#, "price::number"),
        (
            r#"[{"meters":["*"],"unit_price":"1","from":"May"}]"#,
            "price::instant",
        ),
        (
            r#"[{"meters":["*"],"unit_price":"1","from":"2026-05-02","to":"2026-05-02"}]"#,
            "price::instant",
        ),
    ] {
        assert_eq!(contract(terms).unwrap_err().0[0].code, code, "{terms}");
    }
    let other = agreed("EUR", r#"[{"meters":["*"],"discount_percent":"1"}]"#).unwrap_err();
    assert_eq!(other.0[0].code, "price::currency");
    let fine = agreed(
        "USD",
        r#"[{"meters":["*"],"discount_percent":"1.00000000000000000000000007"}]"#,
    );
    assert_eq!(fine.unwrap_err().0[0].code, "price::number");
}
