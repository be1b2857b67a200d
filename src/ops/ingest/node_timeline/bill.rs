//! A machine's life becomes usage of its meters: what the ledger has is told again as it was, what it lacks is new.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::NodeOptions;
use super::known::{KnownMachine, resource};
use super::purchase::{Basis, Buying};
use crate::databricks::cluster_spec::ClusterSpec;
use crate::ledger::rate::Rated;
use crate::lifecycle::presence::Part;
use crate::model::cost_centre::{Asked, CostCentres};
use crate::model::diagnostic::Diagnostics;
use crate::model::meter::{Meter, MeterKind, MeterRate};
use crate::model::period::{Instant, Period, from_unix};
use crate::model::place::Workspace;
use crate::model::usage::{Subject, UNALLOCATED, Usage};
use crate::ops::ingest::cluster_events::convert::run_of;
use crate::ops::ingest::context::{ClusterVersion, Context};
use crate::pricing::catalogue::Catalogue;
use crate::pricing::node_meters::instance_meters;
use crate::report::node_timeline::NodeCluster;

/// A machine and what is known of it.
pub(super) struct Machine {
    pub instance_id: Arc<str>,
    pub node_type: Arc<str>,
    pub parts: Vec<Part>,
    /// What the ledger has of it and what is told goes on from.
    pub known: KnownMachine,
    /// What the ledger has of it and is billed anew, where it is corrected.
    pub replaced: KnownMachine,
}

impl Machine {
    /// Machines in the order in which they came, drivers first.
    pub fn order(&self) -> (Option<Instant>, bool, &str) {
        let first = self.parts.first();
        (
            first.map(|part| part.period.start),
            first.is_some_and(|part| !part.is_driver),
            &self.instance_id,
        )
    }
}

/// Code, what was found, what to do.
pub(super) type Refused = (&'static str, String, &'static str);

/// What machines of a workspace are billed for.
pub(super) struct Bill<'a> {
    pub workspace_id: &'a str,
    pub options: &'a NodeOptions,
    pub context: &'a Context,
    /// Rules for cost centres.
    pub rules: Option<&'a CostCentres>,
}

impl Bill<'_> {
    /// The usage of a machine, or why nothing of it is billed.
    ///
    /// # Errors
    /// What is wrong with price books.
    pub fn usage(
        &self,
        machine: &Machine,
        buying: &mut Buying<'_>,
        catalogue: &mut Catalogue,
    ) -> Result<Result<Vec<Usage>, Refused>, Diagnostics> {
        let Some(workspace) = self.workspace(&machine.node_type) else {
            let what = format!("nothing tells the cloud of `{}`", machine.node_type);
            return Ok(Err(("node::cloud", what, "give --cloud AZURE, AWS or GCP")));
        };
        catalogue.load(workspace.cloud, workspace.region.as_deref())?;
        let (option, basis) = buying.option(machine);
        let meters = instance_meters(catalogue, &workspace, &machine.node_type, option);
        if let (Some(known), Some(now)) = (machine.known.vm(), vm(&meters))
            && known != now.meter
        {
            let what = format!(
                "the ledger has it as `{known}`, and what is known now says `{}`",
                now.meter
            );
            let hint = match basis {
                Basis::Flag | Basis::Assumed => {
                    "are --region, --purchase and the context those of before? where what is told now is right, --correct bills it anew"
                }
                Basis::Told | Basis::Order => {
                    "are --region and the context those of before? where what is told now is right, --correct bills it anew"
                }
            };
            return Ok(Err(("node::billed-otherwise", what, hint)));
        }
        let mut usage = Vec::new();
        for meter in &meters {
            self.of_meter(machine, meter, &mut usage);
        }
        usage.sort_by_key(|one| one.period.start);
        Ok(Ok(usage))
    }

    fn of_meter(&self, machine: &Machine, rate: &MeterRate, usage: &mut Vec<Usage>) {
        let meter = Arc::new(rate.meter.clone());
        let name = rate.meter.to_string();
        let spans = machine.known.spans().remove(name.as_str()).unwrap_or_default();
        let of_meter = || machine.known.0.iter().filter(|one| one.meter == name);
        for part in &machine.parts {
            let subject = Arc::new(self.owing(part, &meter));
            let here = resource(part.cluster_id.as_deref(), part.is_driver, &machine.instance_id);
            let one = |resource: String, period: Period, since: Instant| Usage {
                resource,
                subject: Arc::clone(&subject),
                meter: Arc::clone(&meter),
                per_hour: rate.per_hour,
                period,
                since,
            };
            let known = of_meter().filter(|k| part.period.contains(k.period.start));
            usage.extend(known.map(|k| one(k.resource.clone(), k.period, k.since)));
            let (start, end) = (part.period.start.timestamp(), part.period.end.timestamp());
            for (from, to) in spans.missing(start, end) {
                let Some(period) = Period::new(from_unix(from), from_unix(to)) else {
                    continue;
                };
                // What goes on where the ledger ends is part of the same stretch.
                let before = of_meter().find(|k| k.period.end == period.start && k.resource == here);
                usage.push(one(
                    here.clone(),
                    period,
                    before.map_or(period.start, |k| k.since),
                ));
            }
        }
    }

    fn workspace(&self, node_type: &str) -> Option<Workspace> {
        let spec = ClusterSpec {
            node_type_id: Some(node_type.to_owned()),
            ..ClusterSpec::default()
        };
        let mut workspace = self.options.place.workspace(&spec)?;
        if let Some(region) = self.options.regions.get(self.workspace_id) {
            workspace.region = Some(region.clone());
        }
        Some(workspace)
    }

    /// Whose a part is, and who owes for a meter of it.
    fn owing(&self, part: &Part, meter: &Meter) -> Subject {
        let mut subject = self.subject(part);
        if let Some(rules) = self.rules {
            subject.team = rules.decide(&Asked::of(&subject).billed(meter)).cost_centre;
        }
        subject
    }

    fn subject(&self, part: &Part) -> Subject {
        let at = part.period.start;
        let name = self.options.workspaces.get(self.workspace_id);
        let cluster = self.context.cluster(&part.came_from, at);
        let pool = cluster.map(|cluster| match part.is_driver {
            true => cluster.driver_instance_pool_id.clone(),
            false => cluster.instance_pool_id.clone(),
        });
        let mut subject = Subject {
            workspace: name.map_or(self.workspace_id, String::as_str).to_owned(),
            team: UNALLOCATED.to_owned(),
            pool: pool.unwrap_or_default(),
            ..Subject::default()
        };
        let Some(cluster_id) = &part.cluster_id else {
            self.context.fill(&mut subject, "", at);
            return subject;
        };
        subject.cluster_id = cluster_id.to_string();
        subject.tags = cluster.map(ClusterVersion::tags).unwrap_or_default();
        let tag = self.options.team_tag.as_deref();
        if let Some(team) = tag.and_then(|tag| cluster.and_then(|cluster| cluster.tag(tag))) {
            subject.team = team.to_owned();
        }
        self.context.fill(&mut subject, "", at);
        if let Some((job, run)) = run_of(&subject.cluster_name.clone()) {
            subject.job_name = job.to_owned();
            subject.run_id = run.to_owned();
            self.context.fill(&mut subject, job, at);
        }
        subject
    }

    /// What is billed of the machine, by cluster.
    pub fn lines(&self, machine: &Machine, facts: &[Rated]) -> BTreeMap<(String, String), NodeCluster> {
        let mut lines: BTreeMap<(String, String), NodeCluster> = BTreeMap::new();
        for part in &machine.parts {
            let key = part.cluster_id.as_deref().unwrap_or_default();
            let subject = self.subject(part);
            let line = lines.entry((subject.workspace, key.to_owned())).or_default();
            line.cluster_name = subject.cluster_name;
            line.machines = 1;
            line.drivers = usize::from(part.is_driver).max(line.drivers);
            line.machine_seconds = line.machine_seconds.saturating_add(part.period.seconds());
        }
        for fact in facts {
            let subject = match fact {
                Rated::Charge(charge) => &charge.subject,
                Rated::Unpriced(unpriced) => &unpriced.subject,
            };
            let key = (subject.workspace.clone(), subject.cluster_id.clone());
            let line = lines.entry(key).or_default();
            match fact {
                Rated::Charge(charge) => line.charge(&charge.price.currency, charge.cost_nano),
                Rated::Unpriced(_) => line.unpriced = line.unpriced.saturating_add(1),
            }
        }
        lines
    }
}

fn vm(meters: &[MeterRate]) -> Option<&MeterRate> {
    meters
        .iter()
        .find(|rate| matches!(rate.meter.kind, MeterKind::Vm { .. }))
}
