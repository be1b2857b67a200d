//! `tollgate completions SHELL`.

use clap::Args;
use clap_complete::Shell;

use super::exit::{Exit, print};

/// Prints shell completions.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: tollgate completions bash > ~/.local/share/bash-completion/completions/tollgate"
)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::definition(), "tollgate", &mut script);
        print(&String::from_utf8_lossy(&script));
        Exit::InOrder
    }
}
