//! What is wrong with price books, or looks wrong: row by row, with file and line.
//!
//! | code | severity | what |
//! |---|---|---|
//! | `price::overlap` | error | two prices of a meter hold at once |
//! | `price::spot-not-below` | error | spot costs as much as on demand, or more: same node type, region and time |
//! | `price::zero` | error | a price of zero; what is unknown has no row |
//! | `price::number`, `unit`, `source`, `instant` | error | a row that cannot be read; negative prices are among them |
//! | `price::gap` | warning | no price holds between two periods of a meter |
//! | `price::ratio` | warning | most spot prices of a file are exactly 0.30, 0.40 or 0.60 of on demand: an estimate |
//! | `price::windows` | warning | a machine costs about the licence of Windows more than elsewhere |
//! | `price::suspect` | warning | the row says that it may be wrong |
//! | `price::unmatched` | warning | a term of a contract speaks of no meter that has a list price (told by `ops::price_check`) |
//! | `price::unknown-node-type` | warning | nobody knows the DBU rate of the node type |

mod machines;

use std::collections::BTreeMap;

use super::book_file::{BookFile, row_lines};
use super::catalogue::Catalogue;
use super::price_book::Effective;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::meter::Meter;
use crate::model::period::rfc3339;

/// A row that could be read, and where it stands.
struct Entry<'a> {
    source: &'a str,
    line: usize,
    path: String,
    meter: Meter,
    effective: Effective,
}

impl Entry<'_> {
    fn error(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.placed(Diagnostic::error(code, self.source, message))
    }

    fn warning(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.placed(Diagnostic::warning(code, self.source, message))
    }

    fn placed(&self, diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.at(self.line, 0).path(self.path.clone())
    }
}

/// Looks at books (name and text), all together. `catalogue` knows node types, and prices elsewhere to compare with.
///
/// # Errors
/// `price::syntax` for a text that is no book.
pub fn check(books: &[(&str, &str)], catalogue: &Catalogue) -> Result<Vec<Diagnostic>, Diagnostics> {
    let (mut entries, mut found, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
    for (source, text) in books {
        match BookFile::parse(source, text) {
            Ok(book) => entries.extend(rows(source, text, &book, &mut found)),
            Err(wrong) => unreadable.push(wrong),
        }
    }
    if !unreadable.is_empty() {
        return Err(Diagnostics(unreadable).sorted());
    }
    periods(&entries, &mut found);
    for entry in entries
        .iter()
        .filter(|e| e.effective.price.unit_price.0.is_zero())
    {
        let message = format!("{} costs nothing", entry.meter);
        found.push(
            entry
                .error("price::zero", message)
                .hint("leave the row out: what is unknown has no price"),
        );
    }
    machines::check(&entries, catalogue, &mut found);
    Ok(Diagnostics(found).sorted().0)
}

fn rows<'a>(source: &'a str, text: &str, book: &BookFile<'_>, found: &mut Vec<Diagnostic>) -> Vec<Entry<'a>> {
    let lines = row_lines(source, text);
    let mut entries = Vec::with_capacity(book.prices.len());
    for (i, row) in book.prices.iter().enumerate() {
        let (line, path) = (lines.get(i).copied().unwrap_or_default(), format!("prices.{i}"));
        let (meter, effective) = match book.effective(row) {
            Ok(read) => read,
            Err((code, message)) => {
                found.push(Diagnostic::error(code, source, message).at(line, 0).path(path));
                continue;
            }
        };
        let entry = Entry {
            source,
            line,
            path,
            meter,
            effective,
        };
        if let Some(why) = &row.suspect {
            found.push(entry.warning(
                "price::suspect",
                format!("{} is marked as suspect: {why}", entry.meter),
            ));
        }
        entries.push(entry);
    }
    entries
}

/// Gaps and overlaps between the periods of each meter.
fn periods(entries: &[Entry<'_>], found: &mut Vec<Diagnostic>) {
    let mut meters: BTreeMap<&Meter, Vec<&Entry<'_>>> = BTreeMap::new();
    for entry in entries {
        meters.entry(&entry.meter).or_default().push(entry);
    }
    for (meter, mut all) in meters {
        all.sort_by_key(|e| (e.effective.from, e.source, e.line));
        let mut last: Option<&Entry<'_>> = None;
        for entry in all {
            if let Some(before) = last {
                found.extend(between(meter, before, entry));
            }
            // The one that holds longest.
            let longer = |before: &&Entry<'_>| match (before.effective.to, entry.effective.to) {
                (None, _) => true,
                (Some(end), Some(to)) => to < end,
                (Some(_), None) => false,
            };
            last = last.filter(longer).or(Some(entry));
        }
    }
}

fn between(meter: &Meter, before: &Entry<'_>, entry: &Entry<'_>) -> Option<Diagnostic> {
    let place = format!("{}:{}", before.source, before.line);
    if before.effective.overlaps(&entry.effective) {
        let (one, other) = (&before.effective.price, &entry.effective.price);
        let message = format!(
            "{meter} has two prices at once: {} ({place}) and {}",
            one.unit_price, other.unit_price
        );
        let hint = "end the earlier one where the later one begins";
        return Some(entry.error("price::overlap", message).hint(hint));
    }
    match (before.effective.to, entry.effective.from) {
        (Some(end), Some(start)) if end < start => {
            let (end, start) = (rfc3339(end), rfc3339(start));
            let message = format!("{meter} has no price from {end} ({place}) until {start}");
            Some(entry.warning("price::gap", message))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vm(node: &str, option: &str, price: &str, more: &str) -> String {
        let period = match more.contains("from") {
            true => "",
            false => ",\"from\":\"2026-01-01\",\"to\":null",
        };
        format!(
            "{{\"meter\":{{\"kind\":\"vm\",\"region\":\"westus2\",\"node_type_id\":\"{node}\",\"purchase_option\":\"{option}\"}},\"unit\":\"hour\",\"unit_price\":\"{price}\",\"source\":\"s\"{period}{more}}}"
        )
    }

    /// Code, line and severity of what is found in a book, row by row from line 2.
    fn found(rows: &[String]) -> Vec<(&'static str, usize)> {
        let text = format!(
            "{{\"price_book\":\"b\",\"cloud\":\"AZURE\",\"currency\":\"USD\",\"sources\":{{\"s\":{{}}}},\"prices\":[\n{}]}}",
            rows.join(",\n")
        );
        let mut catalogue = Catalogue::default();
        catalogue.load(crate::model::place::Cloud::Azure, None).unwrap();
        let found = check(&[("b.json", &text)], &catalogue).unwrap();
        found.into_iter().map(|d| (d.code, d.line)).collect()
    }

    const NODE: &str = "Standard_D4ads_v5";

    #[test]
    fn what_is_in_order_is_not_told() {
        let on = |from: &str, to: &str| {
            vm(
                NODE,
                "on_demand",
                "0.206",
                &format!(",\"from\":\"{from}\",\"to\":{to}"),
            )
        };
        let whole = [
            on("2024-01-01", "\"2025-01-01\""),
            on("2025-01-01", "null"),
            vm(NODE, "spot", "0.04", ""),
        ];
        assert_eq!(found(&whole), []);
    }

    #[test]
    fn rows_that_are_wrong_are_told_with_their_lines() {
        let on = |from: &str, to: &str| {
            vm(
                NODE,
                "on_demand",
                "0.2",
                &format!(",\"from\":\"{from}\",\"to\":{to}"),
            )
        };
        assert_eq!(
            found(&[on("2024-01-01", "\"2025-01-01\""), on("2025-02-01", "null")]),
            [("price::gap", 3)]
        );
        assert_eq!(
            found(&[
                on("2024-01-01", "null"),
                on("2025-01-01", "\"2025-02-01\""),
                on("2026-01-01", "null")
            ]),
            [("price::overlap", 3), ("price::overlap", 4)]
        );
        assert_eq!(found(&[vm(NODE, "on_demand", "0", "")]), [("price::zero", 2)]);
        assert_eq!(found(&[vm(NODE, "on_demand", "-1", "")]), [("price::number", 2)]);
        let suspect = vm(NODE, "on_demand", "0.2", ",\"suspect\":\"a \\\"page\\\"\"");
        assert_eq!(found(&[suspect]), [("price::suspect", 2)]);
        assert_eq!(
            found(&[vm("Standard_Made_Up", "spot", "0.2", "")]),
            [("price::unknown-node-type", 2)]
        );
    }

    #[test]
    fn spot_is_below_on_demand_while_both_hold() {
        let on = vm(NODE, "on_demand", "0.2", "");
        assert_eq!(
            found(&[on.clone(), vm(NODE, "spot", "0.2", "")]),
            [("price::spot-not-below", 3)]
        );
        let before = ",\"from\":\"2025-01-01\",\"to\":\"2026-01-01\"";
        assert_eq!(found(&[on, vm(NODE, "spot", "0.2", before)]), []);
    }

    #[test]
    fn windows_and_estimates_look_like_it() {
        // 0.206 elsewhere, and 4 times 0.046.
        assert_eq!(
            found(&[vm(NODE, "on_demand", "0.39", "")]),
            [("price::windows", 2)]
        );
        let nodes = ["Standard_D4ads_v5", "Standard_D8ads_v5", "Standard_D16ads_v5"];
        let pairs = |spot: &str| {
            let of = |node: &&str| [vm(node, "on_demand", "0.2", ""), vm(node, "spot", spot, "")];
            nodes.iter().flat_map(of).collect::<Vec<_>>()
        };
        assert_eq!(found(&pairs("0.060")), [("price::ratio", 0)]);
        assert_eq!(found(&pairs("0.061")), []);
    }
}
