//! What several tests need: a host with a cache that tests share, a reading of a body, the shared corpus, the built
//! program, texts held against files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tollgate::databricks::cluster_spec::ClusterSpec;
use tollgate::plugin::Host;
use tollgate::plugin::cache::ImageCache;
use tollgate::plugin::compile::Compiler;
use tollgate::plugin::limits::Limits;

/// A host that compiles in this process and keeps images between test runs.
pub fn in_process(limits: Limits) -> Host {
    Host::new(
        limits,
        Compiler::InProcess,
        Some(ImageCache::open(&images()).unwrap()),
    )
    .unwrap()
}

/// A body, read.
pub fn spec_of(body: &Value) -> ClusterSpec {
    ClusterSpec::read(body).unwrap()
}

/// The corpus outside the project, where it is present. A test that needs it says that it was skipped.
pub fn shared(test: &str) -> Option<PathBuf> {
    let found = std::env::var_os("TOLLGATE_SHARED")
        .map(PathBuf::from)
        .filter(|p| p.is_dir());
    if found.is_none() {
        // Past the capture of the test runner: who passes by skipping says so.
        let _ = writeln!(std::io::stderr(), "skipped: {test} needs TOLLGATE_SHARED");
    }
    found
}

/// A file of the project.
pub fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Where compiled plugins are kept between test runs.
pub fn images() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("images")
}

/// The built program, in the project's folder, with the tests' cache and nothing of the user's surroundings.
pub fn tollgate(arguments: &[&str]) -> Command {
    tollgate_in(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
}

/// The built program in another folder.
pub fn tollgate_in(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command
        .current_dir(folder)
        .args(arguments)
        .env("TOLLGATE_CACHE_DIR", images())
        .env_remove("NO_COLOR")
        .env_remove("COLUMNS")
        .stdin(Stdio::null());
    command
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Ended {
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Ended {
    tollgate(arguments).output().unwrap().into()
}

/// Runs the program to its end with a text on standard input.
pub fn run_with_input(arguments: &[&str], input: &str) -> Ended {
    let mut child = tollgate(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input closes the pipe; what it says of that is in its answer.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap().into()
}

/// Holds a text against a file of the project. With `TOLLGATE_BLESS` set the file is written instead: read the
/// difference before it is committed.
pub fn golden(file: &str, text: &str) {
    let path = project(file);
    if std::env::var_os("TOLLGATE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        return fs::write(&path, text).unwrap();
    }
    let known = fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{file}: {e}; TOLLGATE_BLESS=1 writes it\n--- found\n{text}"));
    assert!(
        known == text,
        "{file} says otherwise; TOLLGATE_BLESS=1 writes it anew\n--- file\n{known}\n--- found\n{text}"
    );
}
