//! Entries as CSV. Money columns are called as in FOCUS 1.2; what FOCUS has no column for begins with `x_`.

use super::{Numbered, amount};
use crate::model::charge::{Charge, Costs};
use crate::model::exact::{decimal_text, nano_to_decimal};
use crate::model::period::rfc3339;

/// Column names; columns may be added at the end, not renamed or moved.
const HEADER: [&str; 37] = [
    "x_EntryNumber",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "x_Since",
    "x_DebitAccount",
    "x_CreditAccount",
    "ListCost",
    "BillingCurrency",
    "PricingQuantity",
    "PricingUnit",
    "ListUnitPrice",
    "x_PriceSource",
    "x_PriceSynthetic",
    "SkuMeter",
    "ResourceId",
    "x_Source",
    "x_Workspace",
    "x_ClusterId",
    "x_ClusterName",
    "x_JobName",
    "x_RunId",
    "x_InstancePoolId",
    "x_Owner",
    "x_Policy",
    "x_Hash",
    "ContractedCost",
    "ContractedUnitPrice",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargeClass",
    "BilledCost",
    "EffectiveCost",
    "ChargeCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountStatus",
    "x_ReversesEntry",
    "x_ReplacesEntry",
];

pub(super) fn opening() -> String {
    line(HEADER.map(str::to_owned))
}

pub(super) fn entry(told: Numbered<'_>) -> String {
    let (entry, charge) = (told.entry, &told.entry.charge);
    let subject = &charge.subject;
    // Empty where 64 bits do not hold one of them.
    let costs = charge
        .price
        .costs(&charge.meter, charge.quantity_nano, charge.cost_nano);
    let cost = |of: fn(&Costs) -> i64| costs.as_ref().map(|c| amount(of(c).into())).unwrap_or_default();
    let commitment = Commitment::of(charge);
    line([
        told.number.to_string(),
        rfc3339(charge.period.start),
        rfc3339(charge.period.end),
        rfc3339(charge.since),
        entry.debit.to_string(),
        entry.credit.to_string(),
        cost(|c| c.list_nano),
        charge.price.currency.to_string(),
        decimal_text(nano_to_decimal(charge.quantity_nano)),
        charge.meter.unit().to_owned(),
        charge.price.list().to_string(),
        charge.price.source.to_string(),
        charge.price.synthetic.to_string(),
        charge.meter.to_string(),
        charge.resource.to_string(),
        entry.source.to_string(),
        subject.workspace.clone(),
        subject.cluster_id.clone(),
        subject.cluster_name.clone(),
        subject.job_name.clone(),
        subject.run_id.clone(),
        subject.pool.clone(),
        subject.owner.clone(),
        subject.policy.clone(),
        told.hash.to_string(),
        cost(|c| c.contracted_nano),
        charge.price.contracted().to_string(),
        rfc3339(told.billing_month().period().start),
        rfc3339(told.billing_month().period().end),
        told.charge_class().to_owned(),
        cost(|c| c.billed_nano),
        cost(|c| c.effective_nano),
        commitment.category.to_owned(),
        commitment.id,
        commitment.status.to_owned(),
        told.reverses(),
        told.replaces(),
    ])
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

fn line(fields: [String; HEADER.len()]) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::with_capacity(512));
    // Memory does not refuse a write, and fields of text are text.
    let _ = writer.write_record(fields);
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
