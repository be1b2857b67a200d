//! The columns of a table of entries: what CSV and Parquet both have.
//!
//! Money columns are called as in FOCUS 1.2; what FOCUS has no column for begins with `x_`. Columns may be added at the end, not
//! renamed or moved.

use std::borrow::Cow;

use super::{Numbered, NumberedAllocation, amount};
use crate::ledger::account::Account;
use crate::ledger::correction::Link;
use crate::ledger::fact::SourceRow;
use crate::model::charge::{Charge, Costs};
use crate::model::exact::{decimal_text, nano_to_decimal};
use crate::model::money::UnitPrice;
use crate::model::period::{Instant, rfc3339};

/// How many there are.
pub(super) const COUNT: usize = 41;

/// What a column holds. All but times may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The number of an entry.
    Number,
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
    ("x_ReversesEntry", Kind::Number),
    ("x_ReplacesEntry", Kind::Number),
    ("Tags", Kind::Text),
    ("x_SourceRow", Kind::Text),
    ("x_AllocatedCost", Kind::Nano),
    ("x_Allocation", Kind::Text),
];

/// What stands in a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    None,
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
            Cell::None => String::new(),
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
        text(subject.tags.text()),
        shown(told.source_row.map(SourceRow::to_string).unwrap_or_default()),
        Cell::None,
        Cell::None,
    ]
}

/// The cells of an allocation, for each share: `x_DebitAccount` owes `x_AllocatedCost` more, `x_CreditAccount` less. It is in no
/// other column of money.
pub(super) fn allocation_cells<'a>(told: &NumberedAllocation<'a>) -> Vec<[Cell<'a>; COUNT]> {
    let shares = told.allocation.shares.iter();
    shares
        .map(|(account, share)| leg(told, account, share.amount_nano))
        .collect()
}

fn leg<'a>(told: &NumberedAllocation<'a>, debit: &Account, nano: i128) -> [Cell<'a>; COUNT] {
    let (period, planned) = (told.allocation.month.period(), &told.allocation.planned);
    let shown = |text: String| Cell::Text(Cow::Owned(text));
    COLUMNS.map(|(column, _)| match column {
        "ChargePeriodStart" | "BillingPeriodStart" | "x_Since" => Cell::Time(period.start),
        "ChargePeriodEnd" | "BillingPeriodEnd" => Cell::Time(period.end),
        "x_DebitAccount" => shown(debit.to_string()),
        "x_CreditAccount" => shown(planned.bearer.to_string()),
        "BillingCurrency" => shown(told.currency.to_string()),
        "x_Workspace" => shown(planned.shared.workspace.to_string()),
        "x_InstancePoolId" => shown(planned.shared.pool.to_string()),
        "x_Hash" => shown(told.hash.to_string()),
        "x_AllocatedCost" => Cell::Amount(i64::try_from(nano).ok()),
        "x_Allocation" => shown(format!("{} {}", told.number, planned.key)),
        _ => Cell::None,
    })
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
