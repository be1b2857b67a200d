//! What reports of decisions have in common: names of requests, colours, costs in a line.

use serde::Serialize;

use crate::model::estimate::{Estimate, SizeEstimate};
use crate::model::exact::decimal_text;
use crate::model::meter::NO_REGION;
use crate::model::period::rfc3339;

/// Where a request came from.
#[derive(Debug, Clone, Serialize)]
pub struct RequestName<'a> {
    /// File, or `-`.
    pub source: &'a str,
    /// Where inside; null for the whole file.
    pub address: Option<&'a str>,
    /// `cluster_name`.
    pub name: Option<&'a str>,
    /// First line.
    pub line: usize,
}

/// How text is marked up: a terminal's colours, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// Plain text.
    #[default]
    Never,
    /// ANSI sequences.
    Always,
}

impl Colour {
    pub(super) fn paint(self, code: &str, text: &str) -> String {
        match self {
            Colour::Never => text.to_owned(),
            Colour::Always => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

/// `2.25 DBU and 1.362 USD an hour (3 nodes)`, or from minimum to maximum; what is unpriced is named.
pub fn cost(estimate: &Estimate) -> String {
    let at = rfc3339(estimate.at);
    let currency = estimate.currency;
    let size = |s: &SizeEstimate| {
        let dbu = s.dbu_per_hour.map_or("unknown".to_owned(), decimal_text);
        let money = s.cost_per_hour.map_or("unknown".to_owned(), decimal_text);
        let nodes = match s.nodes {
            Some(1) => "1 node".to_owned(),
            Some(nodes) => format!("{nodes} nodes"),
            None => "a size that is not known yet".to_owned(),
        };
        format!("{money} {currency} and {dbu} DBU an hour at {nodes}")
    };
    let sizes = if estimate.min == estimate.max {
        size(&estimate.max)
    } else {
        format!("{}, up to {}", size(&estimate.min), size(&estimate.max))
    };
    if !estimate.unknown.is_empty() {
        return format!("unknown, since nobody knows {} yet", estimate.unknown.join(", "));
    }
    let unpriced = match estimate.unpriced.as_slice() {
        [] => String::new(),
        some => format!("; no price for {}", some.join(", ")),
    };
    let lacks_region = |meter: &String| meter.split('/').any(|part| part == NO_REGION);
    let region = match estimate.unpriced.iter().any(lacks_region) {
        true => " (machines have prices in a region: --region)",
        false => "",
    };
    format!("{sizes}, prices of {at}{unpriced}{region}")
}

/// Control characters in a name must not move the reader's cursor.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
