//! `tollgate plugin ...`.

use clap::{Args, Subcommand};
use serde_json::json as object;
use std::path::PathBuf;

use super::context::{SandboxFlags, TextOrJson};
use super::exit::{Exit, fail, finish, json, print};
use super::policy::{suites, test};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::ops::files::write_all;
use crate::ops::plugin::{componentize, inspect};
use crate::ops::policy_test::bundled_plugin_suites;
use crate::plugin::{bundled, compile};

/// Work with plugins.
#[derive(Debug, Subcommand)]
pub(super) enum Plugin {
    /// List the plugins that come with tollgate
    #[command(after_help = "Example: tollgate plugin list")]
    List,
    /// Show a plugin's manual page and settings
    Inspect(Inspect),
    /// Run the cases of plugins
    Test(Test),
    /// Make a component of a core module
    Componentize(Componentize),
}

/// Shows what a plugin says of itself.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate plugin inspect spot-mix")]
pub(super) struct Inspect {
    /// A bundled plugin, or the path of a component
    plugin: String,
    /// Output format; JSON has the settings schema too
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    sandbox: SandboxFlags,
}

/// Runs the cases of plugins.
#[derive(Debug, Args)]
#[command(after_help = "Example: tollgate plugin test my-plugin/")]
pub(super) struct Test {
    /// Folders with cases.yaml and the component beside it [default: the bundled plugins]
    #[arg(value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Run the bundled plugins' cases against the components of this folder instead
    #[arg(long, value_name = "FOLDER", conflicts_with = "folders")]
    components: Option<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
    #[command(flatten)]
    sandbox: SandboxFlags,
}

/// Makes a component of a core module built against the contract.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate plugin componentize target/wasm32-unknown-unknown/release/my_rule.wasm -o my-rule.wasm"
)]
pub(super) struct Componentize {
    /// The core module
    module: PathBuf,
    /// Where the component goes
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Plugin {
    pub fn run(self) -> Exit {
        finish(match self {
            Plugin::List => {
                bundled::BUNDLED
                    .iter()
                    .for_each(|b| print(&format!("{}\n", b.name)));
                Ok(Exit::InOrder)
            }
            Plugin::Inspect(inspect) => inspect.answer(),
            Plugin::Test(test) => test.answer(),
            Plugin::Componentize(command) => command.answer(),
        })
    }
}

impl Inspect {
    fn answer(self) -> Result<Exit, Diagnostics> {
        let found = inspect(&self.plugin, &self.sandbox.host()?)?;
        print(&match self.format {
            TextOrJson::Text => format!("{}\n", found.documentation.trim_end()),
            TextOrJson::Json => {
                let schema: serde_json::Value =
                    serde_json::from_str(&found.settings_schema).unwrap_or_default();
                json(
                    &object!({"name": found.name, "version": found.version, "facts": found.facts,
                    "supplies": found.supplies, "settings_schema": schema, "documentation": found.documentation}),
                )?
            }
        });
        Ok(Exit::InOrder)
    }
}

impl Test {
    fn answer(self) -> Result<Exit, Diagnostics> {
        let suites = suites(&self.folders, || {
            bundled_plugin_suites(self.components.as_deref())
        })?;
        test(&suites, &self.sandbox, self.format)
    }
}

impl Componentize {
    fn answer(self) -> Result<Exit, Diagnostics> {
        let component = componentize(&self.module)?;
        write_all(&self.output, component)?;
        Ok(Exit::InOrder)
    }
}

/// The child's side of compiling: order on stdin, answer on stdout.
pub(super) fn compile_worker() -> Exit {
    match compile::serve(std::io::stdin().lock(), std::io::stdout().lock()) {
        Ok(()) => Exit::InOrder,
        Err(error) => fail(&Diagnostic::error("plugin::compile", "-", error.to_string()).into()),
    }
}
