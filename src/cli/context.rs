//! Flags that several commands share, and what is made of them.

use chrono::Utc;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use std::io::IsTerminal;
use std::path::PathBuf;

use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::period::{Instant, from_unix, parse_instant};
use crate::model::place::{Cloud, Tier, Workload};
use crate::ops::check::{BundleOptions, DocumentKind, Form, ReadOptions};
use crate::ops::judge::PlaceOptions;
use crate::ops::policies::{DEFINITION, PolicySource};
use crate::plugin::Host;
use crate::plugin::cache::ImageCache;
use crate::plugin::compile::Compiler;
use crate::plugin::limits::Limits;
use crate::report::decision::Colour;

/// Where and when a cluster would run.
#[derive(Debug, Args)]
pub(super) struct PlaceFlags {
    /// Cloud; read off the request where not given
    #[arg(long, value_name = "AWS|AZURE|GCP")]
    cloud: Option<Cloud>,
    /// Region of the workspace (`westus2`); without one VMs have no price
    #[arg(long)]
    region: Option<String>,
    /// Pricing tier of the workspace [default: PREMIUM]
    #[arg(long, value_name = "STANDARD|PREMIUM|ENTERPRISE")]
    tier: Option<Tier>,
    /// Nodes have public IP addresses
    #[arg(long)]
    public_ip: bool,
    /// A managed disk that each node carries (`E6`, `P15`); may be given several times
    #[arg(long = "node-disk", value_name = "DISK")]
    node_disks: Vec<String>,
    /// What the cluster is for: all-purpose, job or dlt (dlt-pro, dlt-advanced: a pipeline of that edition)
    #[arg(long, default_value = "all-purpose", value_name = "WORKLOAD")]
    pub workload: Workload,
    /// Prices and rules as of this instant (`2026-10-01` or RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    at: Option<Instant>,
    /// Own price books, node rates and contracts: files, or folders of *.json
    #[arg(long, value_name = "PATH")]
    pub prices: Vec<PathBuf>,
}

impl PlaceFlags {
    pub fn place(&self) -> PlaceOptions {
        PlaceOptions {
            cloud: self.cloud,
            cloud_where_untold: None,
            region: self.region.clone(),
            tier: self.tier,
            tier_changes: Vec::new(),
            public_ip: self.public_ip,
            node_disks: self.node_disks.clone(),
        }
    }

    pub fn at(&self) -> Instant {
        self.at.unwrap_or_else(now)
    }
}

/// The clock, read here and nowhere below.
pub(super) fn now() -> Instant {
    from_unix(Utc::now().timestamp())
}

/// What documents are, and what bundles take from outside.
#[derive(Debug, Args)]
pub(super) struct DocumentFlags {
    /// What every file is, instead of recognising it by its content
    #[arg(long = "as", value_name = "KIND", value_parser = document_kind())]
    kind: Option<DocumentKind>,
    /// Target of a bundle [default: the one that says so]
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// A variable of a bundle; may be given several times, and wins over BUNDLE_VAR_name of the environment
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,
    /// Short name of the user who deploys a bundle, for the names that development mode gives
    #[arg(long, value_name = "USER")]
    bundle_user: Option<String>,
}

impl DocumentFlags {
    /// How documents are read.
    pub fn options(&self, form: Form) -> ReadOptions {
        ReadOptions {
            form,
            kind: self.kind,
            bundle: BundleOptions {
                target: self.target.clone(),
                variables: self.variables.iter().cloned().collect(),
                environment: environment().collect(),
                user: self.bundle_user.clone(),
            },
        }
    }
}

/// `BUNDLE_VAR_name`, as the Databricks CLI has them.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| {
        let name = name.to_str()?.strip_prefix("BUNDLE_VAR_")?.to_owned();
        Some((name, value.into_string().ok()?))
    })
}

fn document_kind() -> impl TypedValueParser<Value = DocumentKind> {
    let names = DocumentKind::NAMES.map(|(name, _)| name);
    // The parser only lets names through, so reading one cannot fail.
    PossibleValuesParser::new(names).map(|name| name.parse().unwrap_or(DocumentKind::Cluster))
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// Where policies come from.
#[derive(Debug, Args)]
pub(super) struct PolicyFlags {
    /// Folder of policies [default: those that come with tollgate]
    #[arg(long, value_name = "FOLDER")]
    policies: Option<PathBuf>,
    #[command(flatten)]
    pub sandbox: SandboxFlags,
}

impl PolicyFlags {
    pub fn source(&self) -> PolicySource {
        self.policies
            .clone()
            .map_or(PolicySource::Bundled, PolicySource::Folder)
    }
}

/// Which policy judges.
#[derive(Debug, Args)]
pub(super) struct JudgeFlags {
    /// Judge by this policy, whatever the requests name
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Judge by this Databricks policy definition and nothing else; requests may be partial
    #[arg(long, value_name = "FILE", conflicts_with_all = ["policy", "policies"])]
    definition: Option<PathBuf>,
    #[command(flatten)]
    pub policies: PolicyFlags,
}

impl JudgeFlags {
    pub fn source(&self) -> PolicySource {
        match &self.definition {
            Some(file) => PolicySource::Definition(file.clone()),
            None => self.policies.source(),
        }
    }

    /// The policy that judges every request; none where each names its own.
    pub fn policy(&self) -> Option<String> {
        match self.definition {
            Some(_) => Some(DEFINITION.to_owned()),
            None => self.policy.clone(),
        }
    }

    /// Whether a bare definition judges, and nothing else.
    pub fn is_definition(&self) -> bool {
        self.definition.is_some()
    }

    /// How much of a request there must be.
    pub fn form(&self) -> Form {
        match self.definition {
            Some(_) => Form::Partial,
            None => Form::Whole,
        }
    }

    /// Where clusters would run. A partial request may not tell its cloud, and then nothing in it hangs on the cloud.
    pub fn place(&self, place: &PlaceFlags) -> PlaceOptions {
        PlaceOptions {
            cloud_where_untold: self.definition.as_ref().map(|_| Cloud::Azure),
            ..place.place()
        }
    }
}

/// How plugins run.
#[derive(Debug, Args)]
pub(super) struct SandboxFlags {
    /// Folder of compiled plugins [default: tollgate in the user's cache folder]
    #[arg(long, value_name = "FOLDER", env = "TOLLGATE_CACHE_DIR")]
    cache_dir: Option<PathBuf>,
    /// Compile plugins anew and keep nothing
    #[arg(long)]
    no_cache: bool,
    /// Milliseconds that one call of a rule may take
    #[arg(long, value_name = "MS", default_value_t = Limits::default().deadline_ms)]
    rule_deadline_ms: u64,
}

impl SandboxFlags {
    /// The host of plugins. Foreign components compile in a child of this very program.
    pub fn host(&self) -> Result<Host, Diagnostics> {
        let failed = |e: crate::plugin::failure::LoadFailure| {
            Diagnostics::from(Diagnostic::error("plugin::host", "tollgate", e.to_string()))
        };
        let limits = Limits {
            deadline_ms: self.rule_deadline_ms,
            ..Limits::default()
        };
        let cache = match (self.no_cache, self.cache_folder()) {
            (false, Some(folder)) => Some(ImageCache::open(&folder).map_err(failed)?),
            _ => None,
        };
        let compiler = match std::env::current_exe() {
            Ok(program) => Compiler::Child {
                program,
                arguments: vec!["compile-plugin".to_owned()],
            },
            Err(error) => {
                return Err(Diagnostic::error("plugin::host", "tollgate", error.to_string()).into());
            }
        };
        Host::new(limits, compiler, cache).map_err(failed)
    }

    fn cache_folder(&self) -> Option<PathBuf> {
        let base = || {
            std::env::var_os("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        };
        self.cache_dir
            .clone()
            .or_else(|| base().map(|b| b.join("tollgate")))
    }
}

/// Text for people or JSON for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TextOrJson {
    /// For people
    Text,
    /// For machines
    Json,
}

/// Colours on a terminal, unless `NO_COLOR` says no.
pub(super) fn colour() -> Colour {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    if wanted && std::io::stdout().is_terminal() {
        Colour::Always
    } else {
        Colour::Never
    }
}
