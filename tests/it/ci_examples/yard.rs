//! A folder in which the steps of a pipeline run: a team's repository with a change in it, the policy repository, and
//! programs that stand in for those that would leave the machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::bench::{Ended, images, project};

/// SHA-256 of what the service hands out in place of Terraform.
pub const TERRAFORM_SHA256: &str = "1c386722db34707c2676ecab5a3082a25bd518a07689b914359c243fd94d52e9";

/// What a step of a pipeline is, on every platform.
#[derive(Debug, Clone)]
pub struct Step {
    pub name: String,
    pub runs: Runs,
    pub script: String,
    pub environment: Vec<(String, String)>,
    pub folder: PathBuf,
}

/// When a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// Where none before it failed.
    AfterSuccess,
    /// Where the step `Check` ran, however it ended.
    AfterCheck,
    /// Whatever was before.
    Always,
}

/// The folder.
pub struct Yard {
    folder: TempDir,
    path: Vec<PathBuf>,
}

impl Yard {
    /// A repository in which a change is merged into what was before.
    pub fn new() -> Yard {
        let yard = Yard {
            folder: tempfile::tempdir().unwrap(),
            path: Vec::new(),
        };
        fs::create_dir(yard.at("bin")).unwrap();
        fs::write(yard.at("comments.json"), "[]").unwrap();
        fs::write(yard.at("calls"), "").unwrap();
        let service = fs::read_to_string(project("tests/it/ci_examples/service.sh")).unwrap();
        for name in ["gh", "curl"] {
            yard.write(&format!("bin/{name}"), &service);
        }
        yard.program("apt-get", "");
        yard.program("unzip", r#"printf '#!/bin/sh\necho "terraform $*" >>"$YARD/calls"\n[ ! -e "$YARD/broken" ] || exit 1\ncase " $* " in *" show "*) cat "$YARD/plan.json" ;; esac\n' >"$6/terraform"; chmod +x "$6/terraform""#);
        yard.program(
            "cargo",
            r#"mkdir -p "$8/bin"; cp "$YARD/tollgate" "$8/bin/tollgate""#,
        );
        yard.write(
            "tollgate",
            &format!(
                "#!/bin/sh\n[ -n \"$TOLLGATE_CACHE_DIR\" ] || exit 99\nexport TOLLGATE_CACHE_DIR='{}'\n\
             case \"$1\" in check|waiver) set -- \"$@\" --at 2026-10-15 ;; esac\nexec '{}' \"$@\"\n",
                images().display(),
                env!("CARGO_BIN_EXE_tollgate"),
            ),
        );
        copy(
            &project("examples/ci/repository/infrastructure/plan.json"),
            &yard.at("plan.json"),
        );
        copy(&project("examples/ci/policy-repository"), &yard.at("policies"));
        copy(&project("examples/ci/before"), &yard.at("repository"));
        yard.git(&["init", "--quiet", "--initial-branch=main"]);
        yard.commit("before");
        yard.git(&["switch", "--quiet", "--create", "change"]);
        copy(&project("examples/ci/repository"), &yard.at("repository"));
        fs::remove_file(yard.at("repository/infrastructure/plan.json")).unwrap();
        yard.commit("change");
        yard.git(&["switch", "--quiet", "main"]);
        yard.git(&["merge", "--quiet", "--no-ff", "--message=merge", "change"]);
        yard
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    pub fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.read(path)).unwrap()
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).unwrap();
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// In the team's repository.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_in("repository", arguments)
    }

    pub fn git_in(&self, folder: &str, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.current_dir(self.at(folder)).args(arguments);
        let ended = self.ended(command);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        ended.stdout.trim().to_owned()
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    fn program(&self, name: &str, script: &str) {
        let text = format!("#!/bin/sh\nset -eu\necho \"{name} $*\" >>\"$YARD/calls\"\n{script}\n");
        self.write(&format!("bin/{name}"), &text);
    }

    /// Runs steps in order, as a platform does.
    pub fn run(&mut self, steps: &[Step]) -> Vec<(String, Ended)> {
        let mut told: Vec<(String, Ended)> = Vec::new();
        for step in steps {
            let runs = match step.runs {
                Runs::AfterSuccess => told.iter().all(|(_, ended)| ended.code == Some(0)),
                Runs::AfterCheck => told.iter().any(|(name, _)| name == "Check"),
                Runs::Always => true,
            };
            if !runs {
                continue;
            }
            let mut command = Command::new("bash");
            command.args(["-e", "-c", &step.script]).current_dir(&step.folder);
            command.envs(step.environment.iter().map(|(key, value)| (key, value)));
            let ended = self.ended(command);
            self.learn_path(&ended.stdout);
            told.push((step.name.clone(), ended));
        }
        told
    }

    /// What a step wants to be found in later steps.
    fn learn_path(&mut self, stdout: &str) {
        let file = fs::read_to_string(self.at("path")).unwrap_or_default();
        let said = stdout
            .lines()
            .filter_map(|line| line.strip_prefix("##vso[task.prependpath]"));
        self.path.extend(file.lines().chain(said).map(PathBuf::from));
    }

    /// Runs a command with nothing of the user's surroundings.
    pub fn ended(&self, mut command: Command) -> Ended {
        let system = std::env::var_os("PATH").unwrap();
        let path = self.path.iter().rev().cloned().chain([self.at("bin")]);
        let path = std::env::join_paths(path.chain(std::env::split_paths(&system))).unwrap();
        let own: Vec<(String, String)> = command
            .get_envs()
            .filter_map(|(key, value)| Some((key.to_str()?.to_owned(), value?.to_str()?.to_owned())))
            .collect();
        command
            .env_clear()
            .env("PATH", path)
            .env("YARD", self.folder.path())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "ana")))
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "ana@example.com")))
            .envs(own);
        command.output().unwrap().into()
    }
}

/// Copies a file, or a folder with all that lies below it over what is there.
pub fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}
