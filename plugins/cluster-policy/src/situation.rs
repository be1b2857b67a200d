//! What a request says at the places that elements aim at, virtual attributes and pools included.

use std::borrow::Cow;

use tollgate_policy_language::attribute::SIZES;
use tollgate_policy_language::element::is_alias;
use tollgate_policy_language::path::{LogPart, is_within};
use tollgate_policy_language::{Element, Kind, Meanings, Rule, Scalar, Target};
use tollgate_sdk::{Review, Value, decimal, names_single_node};

use crate::dialect::{Dialect, Tolerance};

/// What stands at the place of an element.
pub(crate) enum Seen<'d> {
    /// Nothing, or `null`.
    Absent,
    /// A value: as text, and as the JSON it was written as.
    Is(Cow<'d, str>, Cow<'d, str>),
    /// Nobody knows yet; why.
    Unknown(String),
}

/// A request under a definition.
pub(crate) struct Situation<'d> {
    pub review: &'d Review<'d>,
    pub cluster: Value<'d>,
    pub dialect: &'d Dialect,
    unknown: Vec<Cow<'d, str>>,
    aliases: Option<Value<'d>>,
    /// The request asks for the policy's defaults.
    pub wants_defaults: bool,
}

/// The members of `cluster_log_conf`, with their names in the language.
pub(crate) const LOG_KINDS: [(&str, &str); 3] = [("s3", "S3"), ("volumes", "VOLUMES"), ("dbfs", "DBFS")];

impl<'d> Situation<'d> {
    pub fn new(review: &'d Review<'d>, dialect: &'d Dialect) -> Situation<'d> {
        let cluster = review.cluster();
        Situation {
            review,
            cluster,
            dialect,
            unknown: review.unknown().collect(),
            aliases: review.fact("runtime_aliases"),
            wants_defaults: cluster
                .get("apply_policy_default_values")
                .and_then(Value::boolean)
                == Some(true),
        }
    }

    /// What the aliases of the policy mean, and whether security modes have two names.
    pub fn judged_with<T>(&self, judge: impl FnOnce(&Meanings<'_>) -> T) -> T {
        let holds = |alias: &str, key: &str| {
            let keys = self.alias(alias)?;
            Some(
                keys.items()
                    .any(|known| known.text().is_some_and(|known| known == key)),
            )
        };
        judge(&Meanings {
            alias_holds: &holds,
            enum_aliases: self.dialect.enum_aliases.0,
        })
    }

    fn alias(&self, alias: &str) -> Option<Value<'d>> {
        self.aliases?
            .get(alias)
            .filter(|keys| keys.items().next().is_some())
    }

    /// The runtime key that an alias fills in: the first, or the first for GPUs where a node has some.
    pub fn resolve(&self, alias: &str) -> Option<Cow<'d, str>> {
        let keys = || {
            self.alias(alias)
                .into_iter()
                .flat_map(Value::items)
                .filter_map(Value::text)
        };
        let for_gpus = || keys().find(|key| key.contains("-gpu-"));
        if self.has_gpus() {
            for_gpus().or_else(|| keys().next())
        } else {
            keys().next()
        }
    }

    /// A default as it would stand in a request.
    pub fn as_filled_in<'s>(&self, element: &Element, scalar: &'s Scalar) -> Cow<'s, str> {
        let alias = element.kind == Kind::RuntimeKey && is_alias(&scalar.text);
        let resolved = alias.then(|| self.resolve(&scalar.text)).flatten();
        resolved.map_or(Cow::Borrowed(scalar.text.as_str()), |key| {
            Cow::Owned(key.into_owned())
        })
    }

    fn has_gpus(&self) -> bool {
        let gpus = |role: &str| {
            let node = self.review.fact("nodes")?.get(role)?;
            node.get("gpus").and_then(Value::integer)
        };
        ["driver", "worker"]
            .iter()
            .any(|role| gpus(role).is_some_and(|gpus| gpus > 0))
    }

    /// Whether nobody knows yet what stands at a path.
    pub fn is_unknown(&self, path: &str) -> bool {
        self.unknown.iter().any(|unknown| is_within(path, unknown))
    }

    /// What stands at the place of an element that is no `*`.
    pub fn see(&self, element: &Element) -> Seen<'d> {
        if !self.unknown.is_empty() && self.is_unknown(&element.path) {
            return Seen::Unknown(format!("`{}` is not known yet", element.path));
        }
        match &element.target {
            Target::Field(segments) => seen(self.field(segments)),
            Target::Key { map, key } => seen(self.cluster.get(map).and_then(|map| map.get(key))),
            Target::Entry { list, index, rest } => {
                let entry = index.and_then(|index| self.entries(list).nth(index));
                seen(entry.and_then(|entry| follow(entry, rest)))
            }
            Target::LogConf(part) => self.log_conf(*part, element),
            Target::DbusPerHour => self.dbus_per_hour(),
            Target::ClusterType => said(self.review.workload()),
            Target::ClusterSource => said(self.cluster_source(&element.rule)),
        }
    }

    fn field(&self, segments: &[String]) -> Option<Value<'d>> {
        follow(self.cluster, segments)
    }

    /// The entries of a list; none if it is absent or no list.
    pub fn entries(&self, list: &str) -> impl Iterator<Item = Value<'d>> {
        let found = match list.split_once('.') {
            Some((object, list)) => self.cluster.get(object).and_then(|object| object.get(list)),
            None => self.cluster.get(list),
        };
        found.into_iter().flat_map(Value::items)
    }

    /// Whether the dialect lets a required attribute be left out, since it has a default that nobody asked for.
    pub fn tolerates_absence(&self, element: &Element) -> bool {
        self.dialect.missing_with_default == Tolerance::Allow
            && !self.wants_defaults
            && element.default.is_some()
            && !matches!(element.rule, Rule::Fixed(_))
    }

    /// Whether an entry that is there has the kind of this element, and not this part of it.
    pub fn lacks(&self, element: &Element) -> bool {
        let Target::Entry {
            list,
            index: Some(index),
            rest,
        } = &element.target
        else {
            return false;
        };
        let (Some(entry), Some((kind, [_, ..]))) = (self.entries(list).nth(*index), rest.split_first())
        else {
            return false;
        };
        let has_kind = entry.get(kind).is_some_and(Value::is_map);
        has_kind && matches!(seen(follow(entry, rest)), Seen::Absent)
    }

    fn log_conf(&self, part: LogPart, element: &Element) -> Seen<'d> {
        if self.is_unknown("cluster_log_conf") {
            return Seen::Unknown("`cluster_log_conf` is not known yet".into());
        }
        let conf = self.cluster.get("cluster_log_conf");
        let member = LOG_KINDS.iter().find_map(|(member, name)| {
            let inner = conf?.get(member)?;
            inner.is_map().then_some((*name, inner))
        });
        match (part, member) {
            // `NONE` is what a request without logs has, where an element asks what it has.
            (LogPart::Type, None) if element.requires() && !self.tolerates_absence(element) => {
                said(Cow::Borrowed("NONE"))
            }
            (LogPart::Type, Some((name, _))) => said(Cow::Borrowed(name)),
            (LogPart::Path, Some((_, inner))) => seen(inner.get("destination")),
            (LogPart::Region, Some(("S3", inner))) => seen(inner.get("region")),
            _ => Seen::Absent,
        }
    }

    /// A member of the request that is there.
    pub fn given(&self, key: &str) -> Option<Value<'d>> {
        self.cluster.get(key).filter(|value| !value.is_null())
    }

    /// The attributes that say how large the cluster is.
    pub fn sizes(&self) -> impl Iterator<Item = &'static str> {
        SIZES.into_iter().filter(|size| self.given(size).is_some())
    }

    /// Whether the request says how large the cluster is: a part of a request need not.
    fn names_size(&self) -> bool {
        self.sizes().next().is_some() || names_single_node(self.review)
    }

    fn dbus_per_hour(&self) -> Seen<'d> {
        if !self.names_size() {
            return Seen::Unknown("the request does not say how large the cluster is".into());
        }
        let largest = self
            .review
            .fact("estimate")
            .and_then(|estimate| estimate.get("max"));
        let dbu = largest
            .and_then(|size| size.get("dbu_per_hour"))
            .and_then(Value::text);
        match dbu.filter(|dbu| decimal::parse(dbu).is_some()) {
            Some(dbu) => Seen::Is(dbu.clone(), dbu),
            None => Seen::Unknown("the DBU rate of a node type of this cluster is not known".into()),
        }
    }

    /// The source by the workload, in the spelling of the rule where the rule has one.
    fn cluster_source(&self, rule: &Rule) -> Cow<'d, str> {
        let source = match &*self.review.workload() {
            "job" => "JOB",
            "dlt" => "PIPELINE",
            _ => "UI",
        };
        let spelled = rule
            .values()
            .iter()
            .find(|value| value.text.eq_ignore_ascii_case(source));
        spelled.map_or(Cow::Borrowed(source), |value| Cow::Owned(value.text.clone()))
    }

    /// What a pool says in place of an attribute that the request leaves to it; none where no pool decides it.
    pub fn pool_says(&self, element: &Element) -> Option<Seen<'d>> {
        self.given("instance_pool_id")?;
        let decided = match element.path.as_str() {
            "node_type_id" => self.pool_node(if self.has_workers() { "worker" } else { "driver" }),
            "driver_node_type_id" => self.pool_node("driver"),
            path if is_decided_by_pool(path) => None,
            _ => return None,
        };
        Some(match decided {
            Some(node_type) => said(node_type),
            None => Seen::Unknown(format!(
                "`{}` comes from the pool, which is not known",
                element.path
            )),
        })
    }

    fn has_workers(&self) -> bool {
        let worker = self.review.fact("nodes").and_then(|nodes| nodes.get("worker"));
        worker.is_some_and(Value::is_map)
    }

    fn pool_node(&self, role: &str) -> Option<Cow<'d, str>> {
        let node = self.review.fact("nodes")?.get(role)?;
        node.get("node_type_id").and_then(Value::text)
    }
}

/// Attributes besides node types that the API takes from the pool.
fn is_decided_by_pool(path: &str) -> bool {
    path == "enable_elastic_disk"
        || path.split_once('.').is_some_and(|(cloud, attribute)| {
            matches!(cloud, "aws_attributes" | "azure_attributes" | "gcp_attributes")
                && matches!(
                    attribute,
                    "availability" | "zone_id" | "spot_bid_price_percent" | "spot_bid_max_price"
                )
        })
}

/// The value that segments lead to.
pub(crate) fn follow<'d>(from: Value<'d>, segments: &[String]) -> Option<Value<'d>> {
    segments
        .iter()
        .try_fold(from, |value, segment| value.get(segment))
}

pub(crate) fn seen(found: Option<Value<'_>>) -> Seen<'_> {
    match found {
        None => Seen::Absent,
        Some(value) if value.is_null() => Seen::Absent,
        Some(value) => {
            let json = value.json();
            Seen::Is(value.text().unwrap_or(Cow::Borrowed(json)), Cow::Borrowed(json))
        }
    }
}

/// A value that no one wrote as JSON.
fn said(text: Cow<'_, str>) -> Seen<'_> {
    use tollgate_sdk::json::ToJson;
    let json = Cow::Owned(text.as_ref().to_json());
    Seen::Is(text, json)
}
