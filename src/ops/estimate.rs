//! Estimate: what would these clusters cost?

use rust_decimal::Decimal;

use super::admission::Admission;
use super::files::Text;
use super::judge::PlaceOptions;
use super::sources::reading;
use crate::intake::requests::documents::ReadOptions;
use crate::intake::requests::request::Request;
use crate::model::diagnostic::Diagnostics;
use crate::model::estimate::Estimate;
use crate::model::exact::{Inexact, multiply};
use crate::model::period::Instant;
use crate::model::place::Workload;
use crate::model::resource::Action;
use crate::pricing::catalogue::Catalogue;
use crate::pricing::estimate::estimate as price;
use crate::pricing::node_meters::Context;

/// What all requests of one estimate have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct EstimateOptions {
    /// How documents are read.
    pub read: ReadOptions,
    /// Where they would run.
    pub place: PlaceOptions,
    /// What the repository says of workspaces.
    pub admission: Admission,
    /// What for.
    pub workload: Workload,
    /// Prices in force at this instant.
    pub at: Instant,
    /// Hours a month that the cluster runs.
    pub hours_per_month: Decimal,
}

/// A request and what it would cost.
#[derive(Debug, Clone)]
pub struct Estimated {
    /// The request.
    pub request: Request,
    /// Per hour.
    pub estimate: Estimate,
    /// Per month at minimum and maximum size; none where a part is unpriced.
    pub per_month: [Option<Decimal>; 2],
}

/// Estimates every request of every source.
///
/// # Errors
/// Price books that cannot be used; requests that cannot be read are in the second part.
pub fn estimate(
    sources: &[Text],
    catalogue: &mut Catalogue,
    options: &EstimateOptions,
) -> Result<(Vec<Estimated>, Diagnostics), Diagnostics> {
    let mut estimated = Vec::new();
    let mut problems = Diagnostics::default();
    let read = reading(sources, &options.read);
    let place = options.place.among(&read);
    problems.0.extend(read.problems.0);
    // What goes costs nothing.
    let asked = read
        .requests
        .into_iter()
        .filter(|r| r.around.action != Action::Delete);
    for request in asked {
        let place = options.admission.place_of(&request, &place);
        let workspace = match place.workspace_of(&request) {
            Ok(workspace) => workspace,
            Err(problem) => {
                problems.0.push(problem);
                continue;
            }
        };
        catalogue.load(workspace.cloud, workspace.region.as_deref())?;
        let context = Context {
            workspace: &workspace,
            workload: request.around.workload.unwrap_or(options.workload),
            at: options.at,
            pools: &request.around.pools,
        };
        let inexact = |e: Inexact| request.problem("estimate::inexact", e.to_string());
        let found = price(catalogue, &context, &request.spec).map_err(inexact)?;
        let month = |cost: Option<Decimal>| cost.map(|c| multiply(c, options.hours_per_month)).transpose();
        let per_month = [
            month(found.min.cost_per_hour).map_err(inexact)?,
            month(found.max.cost_per_hour).map_err(inexact)?,
        ];
        estimated.push(Estimated {
            estimate: found,
            per_month,
            request,
        });
    }
    Ok((estimated, problems))
}
