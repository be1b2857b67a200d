//! What several tests need: a host with a cache that tests share, a reading of a body, the shared corpus.

use std::path::PathBuf;

use serde_json::Value;
use tollgate::databricks::cluster_spec::ClusterSpec;
use tollgate::plugin::Host;
use tollgate::plugin::cache::ImageCache;
use tollgate::plugin::compile::Compiler;
use tollgate::plugin::limits::Limits;

/// A host that compiles in this process and keeps images between test runs.
pub fn in_process(limits: Limits) -> Host {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("images");
    Host::new(
        limits,
        Compiler::InProcess,
        Some(ImageCache::open(&folder).unwrap()),
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
        eprintln!("skipped: {test} needs TOLLGATE_SHARED");
    }
    found
}

/// A file of the project.
pub fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
