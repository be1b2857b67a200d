//! What the clusters and resources of a check cost, before and after.

use super::{CheckOptions, Checked, Prepared};
use crate::intake::requests::request::Request;
use crate::intake::requests::usage_file::UsageFile;
use crate::model::cost_change::{Cost, CostChange, Range, ResourceCost};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::exact::Inexact;
use crate::model::money::Currency;
use crate::model::place::Workspace;
use crate::model::resource::Action;
use crate::model::side_by_side::side_by_side;
use crate::ops::cost_change::{Basis, together, workspace_of};
use crate::ops::judge::CostBefore;
use crate::pricing::catalogue::Catalogue;

/// What cannot be computed is unknown, with the reason; it keeps nobody from an answer about the others.
fn or_unknown(cost: Result<ResourceCost, Inexact>, request: &Request) -> ResourceCost {
    cost.unwrap_or_else(|error| unknown(request, error.to_string()))
}

fn unknown(request: &Request, why: String) -> ResourceCost {
    let side = || Cost {
        per_hour: Range::default(),
        per_month: Range::default(),
        hours_per_month: None,
        hours_from: String::new(),
        unknown: vec![why.clone()],
    };
    let action = request.around.action;
    ResourceCost {
        source: request.source.clone(),
        line: request.line,
        address: request.address.clone(),
        name: request.name.clone(),
        kind: request.around.kind,
        action,
        before: (action != Action::Create).then(side),
        after: (action != Action::Delete).then(side),
    }
}

/// What clusters that are judged, clusters that are not, and other resources cost, in this order. Where nothing tells the cloud
/// of one, its cost is unknown.
///
/// # Errors
/// `estimate::inexact`: sums outgrow what decimals hold.
pub(super) fn costs(
    judged: &[Prepared],
    checked: &Checked,
    catalogue: &Catalogue,
    options: &CheckOptions,
) -> Result<CostChange, Diagnostics> {
    let none = UsageFile::default();
    let basis = Basis {
        catalogue,
        usage: options.usage.as_ref().unwrap_or(&none),
        at: options.at,
    };
    let cost = |request: &Request, workspace: &Workspace| {
        let workload = request.around.workload.unwrap_or(options.workload);
        or_unknown(basis.cluster(request, workspace, workload), request)
    };
    let of_judged = |prepared: &Prepared| cost(&prepared.request, &prepared.workspace);
    let mut all: Vec<ResourceCost> = side_by_side(judged.iter().collect(), &of_judged);
    for request in checked.unanswered.iter().chain(&checked.standing) {
        let place = options.admission.place_of(request, &options.place);
        all.push(match place.workspace(&request.spec) {
            Some(workspace) => cost(request, &workspace),
            None => unknown(request, "the cloud".to_owned()),
        });
    }
    let inexact = |e: Inexact| Diagnostic::error("estimate::inexact", "change", e.to_string());
    for resource in &checked.resources {
        let workspace = workspace_of(resource, &options.place);
        all.extend(basis.resource(resource, workspace.as_ref()).map_err(inexact)?);
    }
    Ok(together(Currency::USD, options.at, all).map_err(inexact)?)
}

/// Tells each cluster that is judged what its rise is measured against.
pub(super) fn measure(judged: &mut [Prepared], change: &CostChange) {
    for (prepared, cost) in judged.iter_mut().zip(&change.resources) {
        prepared.cost = Some(CostBefore {
            per_hour: cost.per_hour().0,
            per_month: cost.per_month().0,
            hours_per_month: cost.after.as_ref().and_then(|c| c.hours_per_month),
            total: Some(change.total),
        });
    }
}
