//! What the clusters and resources of a check cost, before and after.

use super::CheckOptions;
use crate::intake::requests::reading::Resource;
use crate::intake::requests::request::Request;
use crate::intake::requests::usage_file::UsageFile;
use crate::model::cost_change::{Cost, CostChange, Range, ResourceCost};
use crate::model::exact::Inexact;
use crate::model::money::Currency;
use crate::model::place::Workspace;
use crate::model::resource::Action;
use crate::model::side_by_side::side_by_side;
use crate::ops::cost_change::{Basis, together, workspace_of};
use crate::ops::judge::CostBefore;
use crate::pricing::catalogue::Catalogue;

/// All of it, and what each rise is measured against.
pub(super) struct Costs {
    /// Every resource, and all together.
    pub change: CostChange,
    /// For each cluster that is judged, in their order.
    pub before: Vec<CostBefore>,
}

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

/// What clusters that are judged, clusters that are not, and other resources cost. Where nothing tells the cloud of one, its
/// cost is unknown.
pub(super) fn costs(
    judged: &[(&Request, &Workspace)],
    others: &[&Request],
    resources: &[Resource],
    catalogue: &mut Catalogue,
    options: &CheckOptions,
) -> Result<Costs, Inexact> {
    let none = UsageFile::default();
    let basis = Basis {
        catalogue,
        usage: options.usage.as_ref().unwrap_or(&none),
        at: options.at,
    };
    let workload = |request: &Request| request.around.workload.unwrap_or(options.workload);
    let cluster = |(request, workspace): (&Request, &Workspace)| {
        or_unknown(basis.cluster(request, workspace, workload(request)), request)
    };
    let mut all: Vec<ResourceCost> = side_by_side(judged.to_vec(), &cluster);
    let clusters = all.len();
    for request in others {
        let place = options.admission.place_of(request, options);
        all.push(match place.workspace(&request.spec) {
            Some(workspace) => or_unknown(basis.cluster(request, &workspace, workload(request)), request),
            None => unknown(request, "the cloud".to_owned()),
        });
    }
    for resource in resources {
        let workspace = workspace_of(resource, &options.place);
        all.extend(basis.resource(resource, workspace.as_ref())?);
    }
    let change = together(Currency::USD, options.at, all)?;
    let total = Some(change.total);
    let judged = change.resources.iter().take(clusters);
    let before = judged.map(|cost| CostBefore {
        per_hour: cost.per_hour().0,
        per_month: cost.per_month().0,
        hours_per_month: cost.after.as_ref().and_then(|c| c.hours_per_month),
        total,
    });
    let before = before.collect();
    Ok(Costs { change, before })
}
