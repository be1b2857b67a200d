//! The columns of a table of entries: what CSV and Parquet both have.
//!
//! Money columns are called as in FOCUS 1.2; what FOCUS has no column for begins with `x_`. Columns may be added at the end, not
//! renamed or moved.

use std::borrow::Cow;

use super::{Numbered, amount};
use crate::ledger::correction::Link;
use crate::model::charge::{Charge, Costs};
use crate::model::exact::{decimal_text, nano_to_decimal};
use crate::model::money::UnitPrice;
use crate::model::period::{Instant, rfc3339};

/// How many there are.
pub(super) const COUNT: usize = 37;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number of an entry.
    Number,
    /// Such a number, or nothing.
    NumberOrNone,
    Time,
    /// In 10^-9; nothing where 64 bits do not hold it.
    Nano,
    Price,
    Flag,
    /// Nothing where it is empty.
    Text,
}

/// Names and kinds.
pub(super) const COLUMNS: [(&str, Kind); COUNT] = [
    ("x_EntryNumber", Kind::Number),
    ("ChargePeriodStart", Kind::Time),
    ("ChargePeriodEnd", Kind::Time),
    ("x_Since", Kind::Time),
    ("x_DebitAccount", Kind::Text),
    ("x_CreditAccount", Kind::Text),
    ("ListCost", Kind::Nano),
    ("BillingCurrency", Kind::Text),
    ("PricingQuantity", Kind::Nano),
    ("PricingUnit", Kind::Text),
    ("ListUnitPrice", Kind::Price),
    ("x_PriceSource", Kind::Text),
    ("x_PriceSynthetic", Kind::Flag),
    ("SkuMeter", Kind::Text),
    ("ResourceId", Kind::Text),
    ("x_Source", Kind::Text),
    ("x_Workspace", Kind::Text),
    ("x_ClusterId", Kind::Text),
    ("x_ClusterName", Kind::Text),
    ("x_JobName", Kind::Text),
    ("x_RunId", Kind::Text),
    ("x_InstancePoolId", Kind::Text),
    ("x_Owner", Kind::Text),
    ("x_Policy", Kind::Text),
    ("x_Hash", Kind::Text),
    ("ContractedCost", Kind::Nano),
    ("ContractedUnitPrice", Kind::Price),
    ("BillingPeriodStart", Kind::Time),
    ("BillingPeriodEnd", Kind::Time),
    ("ChargeClass", Kind::Text),
    ("BilledCost", Kind::Nano),
    ("EffectiveCost", Kind::Nano),
    ("ChargeCategory", Kind::Text),
    ("CommitmentDiscountId", Kind::Text),
    ("CommitmentDiscountStatus", Kind::Text),
    ("x_ReversesEntry", Kind::NumberOrNone),
    ("x_ReplacesEntry", Kind::NumberOrNone),
];

/// What stands in a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    Number(Option<u64>),
    Time(Instant),
    /// An amount, which has all nine decimals where it is written.
    Amount(Option<i64>),
    /// A quantity, which is written as short as it is exact.
    Quantity(i64),
    Price(UnitPrice),
    Flag(bool),
    Text(Cow<'a, str>),
}

impl Cell<'_> {
    /// As text tables have it.
    pub fn text(&self) -> String {
        match self {
            Cell::Number(number) => number.map(|n| n.to_string()).unwrap_or_default(),
            Cell::Time(at) => rfc3339(*at),
            Cell::Amount(nano) => nano.map(|nano| amount(nano.into())).unwrap_or_default(),
            Cell::Quantity(nano) => decimal_text(nano_to_decimal(*nano)),
            Cell::Price(price) => price.to_string(),
            Cell::Flag(flag) => flag.to_string(),
            Cell::Text(text) => text.to_string(),
        }
    }
}

/// The cells of an entry, in the order of [`COLUMNS`].
pub(super) fn cells<'a>(told: Numbered<'a>) -> [Cell<'a>; COUNT] {
    let (entry, charge) = (told.entry, &told.entry.charge);
    let (subject, billed) = (&charge.subject, told.billing_month().period());
    // Nothing where 64 bits do not hold one of them.
    let costs = charge
        .price
        .costs(&charge.meter, charge.quantity_nano, charge.cost_nano);
    let cost = |of: fn(&Costs) -> i64| Cell::Amount(costs.as_ref().ok().map(of));
    let commitment = Commitment::of(charge);
    let text = |text: &'a str| Cell::Text(Cow::Borrowed(text));
    let shown = |text: String| Cell::Text(Cow::Owned(text));
    let number = |links: fn(Link) -> bool| Cell::Number(entry.link.filter(|l| links(*l)).map(Link::number));
    [
        Cell::Number(Some(told.number)),
        Cell::Time(charge.period.start),
        Cell::Time(charge.period.end),
        Cell::Time(charge.since),
        shown(entry.debit.to_string()),
        shown(entry.credit.to_string()),
        cost(|c| c.list_nano),
        shown(charge.price.currency.to_string()),
        Cell::Quantity(charge.quantity_nano),
        text(charge.meter.unit()),
        Cell::Price(charge.price.list()),
        text(&charge.price.source),
        Cell::Flag(charge.price.synthetic),
        shown(charge.meter.to_string()),
        text(&charge.resource),
        text(&entry.source),
        text(&subject.workspace),
        text(&subject.cluster_id),
        text(&subject.cluster_name),
        text(&subject.job_name),
        text(&subject.run_id),
        text(&subject.pool),
        text(&subject.owner),
        text(&subject.policy),
        shown(told.hash.to_string()),
        cost(|c| c.contracted_nano),
        Cell::Price(charge.price.contracted()),
        Cell::Time(billed.start),
        Cell::Time(billed.end),
        text(told.charge_class()),
        cost(|c| c.billed_nano),
        cost(|c| c.effective_nano),
        text(commitment.category),
        shown(commitment.id),
        text(commitment.status),
        number(|link| matches!(link, Link::Reverses(_))),
        number(|link| matches!(link, Link::Replaces(_))),
    ]
}

/// What FOCUS tells of commitments.
struct Commitment {
    category: &'static str,
    id: String,
    status: &'static str,
}

impl Commitment {
    fn of(charge: &Charge) -> Commitment {
        let paid = charge.price.commitment.as_ref().map(|paid| paid.name.to_string());
        match (charge.meter.is_commitment(), paid) {
            (true, None) => Commitment {
                category: "Purchase",
                id: charge.resource.to_string(),
                status: "",
            },
            (own, Some(id)) => Commitment {
                category: "Usage",
                id,
                status: if own { "Unused" } else { "Used" },
            },
            (false, None) => Commitment {
                category: "Usage",
                id: String::new(),
                status: "",
            },
        }
    }
}
