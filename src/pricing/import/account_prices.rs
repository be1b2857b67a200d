//! The table `system.billing.account_prices`: what an account has agreed on, as a contract.
//!
//! It has the columns of `list_prices`, and `pricing.default` is the price agreed on. A contract speaks of list prices, so that both
//! stand beside each other in every entry; rows of several clouds make one contract, since its terms name their meters whole.

use std::collections::BTreeMap;

use super::list_prices::{Sorted, TableRows};
use super::{Expected, LeftOut, Source, nothing};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::meter::{Meter, MeterKind};
use crate::model::place::Cloud;
use crate::pricing::book_draft::DraftRow;
use crate::pricing::contract_draft::{ContractDraft, DraftTerm};

/// A contract and what became of the other rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedContract {
    /// The contract.
    pub draft: ContractDraft,
    /// How many rows were read.
    pub rows: usize,
    /// How many rows were left out, by reason.
    pub left_out: BTreeMap<LeftOut, usize>,
    /// What to look at.
    pub warnings: Vec<Diagnostic>,
}

/// Makes a contract of a table; `cloud` is the one whose rows are read, all where there is none.
///
/// # Errors
/// `price::syntax`, `price::row`, `price::number`, `price::instant`, `price::currency`, `price::overlap`, `price::nothing`; all of
/// them.
pub fn account_prices(
    sources: Vec<Source>,
    expected: &Expected,
    cloud: Option<Cloud>,
) -> Result<ImportedContract, Diagnostics> {
    let Sorted {
        rows,
        first,
        read,
        left_out,
        warnings,
        mut problems,
    } = TableRows::read(sources, expected, cloud).sorted(expected);
    for (_, row) in &rows {
        // In a contract a star stands for any characters.
        if let MeterKind::Dbu { sku_name } = &row.meter
            && sku_name.contains('*')
        {
            let source = first.as_deref().unwrap_or("prices");
            let message = format!("the SKU `{sku_name}` has a `*` in its name; no SKU has");
            problems.push(Diagnostic::error("price::row", source, message));
        }
    }
    if rows.is_empty() && problems.is_empty() {
        problems.push(nothing(first.as_deref(), read));
    }
    if !problems.is_empty() {
        return Err(Diagnostics(problems).sorted());
    }
    let term = |(cloud, row): (Cloud, DraftRow)| DraftTerm {
        meter: Meter {
            cloud,
            kind: row.meter,
        },
        from: row.from,
        to: row.to,
        unit_price: row.unit_price,
    };
    let day = expected.retrieved.format("%Y-%m-%d");
    Ok(ImportedContract {
        draft: ContractDraft {
            name: "account-prices".to_owned(),
            currency: expected.currency,
            note: format!(
                "system.billing.account_prices, retrieved {day}: pricing.default from price_start_time until price_end_time."
            ),
            terms: rows.into_iter().map(term).collect(),
        },
        rows: read,
        left_out,
        warnings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Currency;
    use crate::model::period::parse_instant;
    use crate::model::rows;
    use crate::pricing::catalogue::Catalogue;

    fn import(text: &str, cloud: Option<Cloud>) -> Result<ImportedContract, Diagnostics> {
        let expected = Expected {
            currency: Currency::USD,
            retrieved: parse_instant("2026-10-01").unwrap(),
        };
        let source = Source {
            name: "a.csv".to_owned(),
            input: rows::Input::of(text),
        };
        account_prices(vec![source], &expected, cloud)
    }

    const HEADER: &str =
        "price_start_time,price_end_time,sku_name,cloud,currency_code,usage_unit,pricing.default\n";

    #[test]
    fn the_contract_prices_what_the_table_says_and_keeps_the_list_price_beside_it() {
        let text = format!(
            "{HEADER}2026-10-01,2026-11-01,PREMIUM_JOBS_COMPUTE,AZURE,USD,DBU,0.25\n\
             2026-11-01,,PREMIUM_JOBS_COMPUTE,AZURE,USD,DBU,0.24\n\
             2026-10-01,,PREMIUM_JOBS_COMPUTE,AWS,USD,DBU,0.12\n\
             2026-10-01,,PREMIUM_JOBS_COMPUTE,AZURE,USD,GB,0.12\n"
        );
        let imported = import(&text, None).unwrap();
        assert_eq!((imported.rows, imported.draft.terms.len()), (4, 3));
        let mut catalogue = Catalogue::default();
        catalogue.add_own("c.json", &imported.draft.text()).unwrap();
        for cloud in [Cloud::Azure, Cloud::Aws] {
            catalogue.load(cloud, None).unwrap();
        }
        // By the table above; the list prices of 2026-04-10 are 0.30 and 0.15.
        for (meter, at, agreed, list) in [
            ("dbu/AZURE/PREMIUM_JOBS_COMPUTE", "2026-09-30", "0.3", None),
            (
                "dbu/AZURE/PREMIUM_JOBS_COMPUTE",
                "2026-10-01",
                "0.25",
                Some("0.3"),
            ),
            (
                "dbu/AZURE/PREMIUM_JOBS_COMPUTE",
                "2026-10-31",
                "0.25",
                Some("0.3"),
            ),
            (
                "dbu/AZURE/PREMIUM_JOBS_COMPUTE",
                "2026-11-01",
                "0.24",
                Some("0.3"),
            ),
            ("dbu/AWS/PREMIUM_JOBS_COMPUTE", "2026-12-01", "0.12", Some("0.15")),
        ] {
            let at = parse_instant(at).unwrap();
            let price = catalogue.book.price_at(&meter.parse().unwrap(), at).unwrap();
            let listed = price.list_unit_price.map(|p| p.to_string());
            assert_eq!(
                (price.unit_price.to_string().as_str(), listed.as_deref()),
                (agreed, list),
                "{meter} {at}"
            );
        }
        let aws = import(&text, Some(Cloud::Aws)).unwrap();
        assert_eq!(
            (aws.draft.terms.len(), aws.left_out.get(&LeftOut::OtherCloud)),
            (1, Some(&3))
        );
    }

    #[test]
    fn two_prices_at_once_make_no_contract() {
        let text = format!(
            "{HEADER}2026-10-01,,PREMIUM_JOBS_COMPUTE,AZURE,USD,DBU,0.25\n2026-11-01,,PREMIUM_JOBS_COMPUTE,AZURE,USD,DBU,0.24\n"
        );
        assert_eq!(import(&text, None).unwrap_err().0[0].code, "price::overlap");
        assert_eq!(import(HEADER, None).unwrap_err().0[0].code, "price::nothing");
    }
}
