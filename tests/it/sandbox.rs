//! The compiling child and the cache of images: what a foreign component may take, and what is loaded from disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use tollgate::plugin::cache::ImageCache;
use tollgate::plugin::compile::Compiler;
use tollgate::plugin::failure::LoadFailure;
use tollgate::plugin::image::Image;
use tollgate::plugin::limits::Limits;
use tollgate::plugin::{Component, Host, bundled};

use crate::hostile::{component, module};

fn child() -> Compiler {
    Compiler::Child {
        program: PathBuf::from(env!("CARGO_BIN_EXE_tollgate")),
        arguments: vec!["compile-plugin".to_owned()],
    }
}

fn host(limits: Limits, compiler: Compiler, cache: Option<&Path>) -> Host {
    let cache = cache.map(|folder| ImageCache::open(folder).unwrap());
    Host::new(limits, compiler, cache).unwrap()
}

/// A guest whose `evaluate` has thousands of locals, each written on one side of thousands of branches: where they
/// join, a compiler that thinks in single assignments needs locals times branches values.
fn phi_storm(locals: usize, branches: usize) -> Vec<u8> {
    let mut body = String::new();
    for _ in 0..locals {
        body.push_str("(local i32)");
    }
    for branch in 0..branches {
        body.push_str(&format!("(if (i32.eq (local.get 0) (i32.const {branch})) (then"));
        for step in 0..4 {
            let local = 2 + (branch * 31 + step * 977) % locals;
            let other = 2 + (branch * 17 + step * 389) % locals;
            body.push_str(&format!(
                "(local.set {local} (i32.add (local.get {other}) (local.get 1)))"
            ));
        }
        body.push_str("))");
    }
    body.push_str("(local.set 0 (i32.const 0))");
    for local in 2..locals + 2 {
        body.push_str(&format!(
            "(local.set 0 (i32.xor (local.get 0) (local.get {local})))"
        ));
    }
    body.push_str("(i32.add (i32.const 256) (i32.and (local.get 0) (i32.const 0)))");
    component(&module("(i32.const 64)", "(i32.const 256)", &body))
}

fn harmless() -> Vec<u8> {
    component(&module("(i32.const 64)", "(i32.const 256)", "(i32.const 256)"))
}

#[test]
fn a_compile_bomb_is_refused_within_its_limits() {
    let limits = Limits {
        compile_cpu_seconds: 1,
        ..Limits::default()
    };
    let bomb = phi_storm(4_000, 4_000);
    assert!(
        bomb.len() < limits.component_bytes / 8,
        "{} bytes: it is refused for its work, not for its size",
        bomb.len()
    );
    let started = Instant::now();
    let refused = host(limits, child(), None)
        .load(Component::Foreign(&bomb), "{}")
        .unwrap_err();
    assert!(
        matches!(&refused, LoadFailure::Compile { cpu_seconds: 1, .. }),
        "{refused:?}"
    );
    // Two seconds of the clock, and a margin for a machine that is busy with other tests.
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_compiler_that_wants_too_much_memory_is_refused() {
    let limits = Limits {
        compile_memory_bytes: 256 << 20,
        ..Limits::default()
    };
    let refused = host(limits, child(), None)
        .load(Component::Foreign(&phi_storm(4_000, 4_000)), "{}")
        .unwrap_err();
    assert!(
        matches!(&refused, LoadFailure::Compile { memory_bytes, .. } if *memory_bytes == 256 << 20),
        "{refused:?}"
    );
}

#[test]
fn a_child_that_cannot_start_or_says_nothing_is_a_refusal_too() {
    for program in ["/nonexistent/tollgate", "/bin/true"] {
        let compiler = Compiler::Child {
            program: PathBuf::from(program),
            arguments: Vec::new(),
        };
        let refused = host(Limits::default(), compiler, None)
            .load(Component::Foreign(&harmless()), "{}")
            .unwrap_err();
        assert!(
            matches!(refused, LoadFailure::Compile { .. }),
            "{program}: {refused:?}"
        );
    }
}

/// What a rule says of a cluster of so many workers.
fn objections(image: &Image, workers: u32) -> usize {
    let review = json!({
        "action": "create", "workload": "all-purpose", "cloud": "AZURE", "at": "2026-10-01T00:00:00Z",
        "cluster": {"num_workers": workers}, "facts": {}, "unknown": [],
    });
    image.evaluate(&review.to_string()).unwrap().violations.len()
}

#[test]
fn a_foreign_component_compiles_in_the_child_and_judges_as_one_compiled_here() {
    let bytes = bundled::find("cluster-size").unwrap().component;
    let settings = r#"{"workers":{"max":5}}"#;
    let foreign = host(Limits::default(), child(), None)
        .load(Component::Foreign(bytes), settings)
        .unwrap();
    let own = host(Limits::default(), Compiler::InProcess, None)
        .load(Component::Bundled(bytes), settings)
        .unwrap();
    assert_eq!(foreign.description(), own.description());
    for (workers, expected) in [(5, 0), (6, 1)] {
        assert_eq!(objections(&foreign, workers), expected);
        assert_eq!(objections(&own, workers), expected);
    }
}

#[test]
fn what_is_wrong_with_a_foreign_component_comes_back_from_the_child() {
    let host = host(Limits::default(), child(), None);
    let bytes = bundled::find("cluster-size").unwrap().component;
    let refused = host
        .load(Component::Foreign(bytes), r#"{"workers":{"max":"five"}}"#)
        .unwrap_err();
    assert!(
        matches!(&refused, LoadFailure::Settings(problems) if problems.len() == 1),
        "{refused:?}"
    );
    let refused = host.load(Component::Foreign(b"no wasm"), "{}").unwrap_err();
    assert!(matches!(refused, LoadFailure::NotAComponent(_)), "{refused:?}");
    let trapping = component(&module("unreachable", "(i32.const 256)", "(i32.const 256)"));
    let refused = host.load(Component::Foreign(&trapping), "{}").unwrap_err();
    assert!(
        matches!(&refused, LoadFailure::Call { function, .. } if function == "describe"),
        "{refused:?}"
    );
}

fn files(folder: &Path) -> Vec<(PathBuf, u64, SystemTime)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let data = fs::metadata(&path).unwrap();
            (path, data.len(), data.modified().unwrap())
        })
        .collect();
    found.sort();
    found
}

fn with_extension(folder: &Path, extension: &str) -> PathBuf {
    let mut found = files(folder).into_iter().map(|(path, ..)| path);
    found
        .find(|path| path.extension().is_some_and(|e| e == extension))
        .unwrap()
}

const SETTINGS: &str = r#"{"workers":{"max":5}}"#;

fn size() -> Component<'static> {
    Component::Bundled(bundled::find("cluster-size").unwrap().component)
}

#[test]
fn a_second_load_comes_from_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let load = |settings: &str| {
        let host = host(Limits::default(), Compiler::InProcess, Some(folder.path()));
        host.load(size(), settings).unwrap()
    };
    let first = load(SETTINGS);
    let stored = files(folder.path());
    assert_eq!(stored.len(), 2, "code and description: {stored:?}");
    let second = load(SETTINGS);
    assert_eq!(files(folder.path()), stored, "nothing was written again");
    assert_eq!(objections(&first, 6), objections(&second, 6));
    load(r#"{"workers":{"max":6}}"#);
    assert_eq!(files(folder.path()).len(), 4, "other settings are another image");

    // A compiler that cannot work is not asked for what is there.
    let broken = Compiler::Child {
        program: PathBuf::from("/nonexistent"),
        arguments: Vec::new(),
    };
    let host = host(Limits::default(), broken, Some(folder.path()));
    let bytes = bundled::find("cluster-size").unwrap().component;
    assert_eq!(
        objections(&host.load(Component::Foreign(bytes), SETTINGS).unwrap(), 6),
        1
    );
}

/// Cuts at the ends, in the headers and in the middle of the code.
#[test]
fn a_truncated_image_is_compiled_anew_and_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let load = || {
        host(Limits::default(), Compiler::InProcess, Some(folder.path()))
            .load(size(), SETTINGS)
            .unwrap()
    };
    load();
    let path = with_extension(folder.path(), "cwasm");
    let whole = fs::read(&path).unwrap();
    for keep in [0, 64, 4096, whole.len() / 2, whole.len() - 4096, whole.len() - 1] {
        fs::write(&path, whole.get(..keep).unwrap()).unwrap();
        assert_eq!(objections(&load(), 6), 1, "{keep} of {} bytes", whole.len());
        assert_eq!(
            fs::read(&path).unwrap().len(),
            whole.len(),
            "{keep}: it was made anew"
        );
    }
}

#[test]
fn a_damaged_image_is_compiled_anew_and_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let load = || {
        host(Limits::default(), Compiler::InProcess, Some(folder.path()))
            .load(size(), SETTINGS)
            .unwrap()
    };
    load();
    let path = with_extension(folder.path(), "cwasm");
    let whole = fs::read(&path).unwrap();
    let zeros_from = |from: usize| {
        let mut bytes = whole.clone();
        bytes.get_mut(from..).unwrap().fill(0);
        bytes
    };
    // What a power cut leaves: the length is right, pages were never written. A flipped bit inside the code is not
    // seen: the folder's permissions stand against malice, and nothing here stands against a failing disk.
    for (what, bytes) in [
        ("all zeros", zeros_from(0)),
        ("the second half zeros", zeros_from(whole.len() / 2)),
        ("the end zeros", zeros_from(whole.len() - 8192)),
    ] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(objections(&load(), 6), 1, "{what}");
        assert!(fs::read(&path).unwrap() == whole, "{what}: it was made anew");
    }
}

#[test]
fn a_damaged_description_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let load = || {
        host(Limits::default(), Compiler::InProcess, Some(folder.path()))
            .load(size(), SETTINGS)
            .unwrap()
    };
    let known = load().description().clone();
    let path = with_extension(folder.path(), "json");
    for text in ["", "{", "{}", "null"] {
        fs::write(&path, text).unwrap();
        assert_eq!(load().description(), &known, "{text}");
    }
}

#[test]
fn a_cache_folder_that_others_can_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for mode in [0o777, 0o770, 0o722, 0o702] {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        let refused = ImageCache::open(folder.path()).unwrap_err();
        assert!(matches!(refused, LoadFailure::Host(_)), "{mode:o}: {refused:?}");
    }
    for mode in [0o700, 0o755] {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        assert!(ImageCache::open(folder.path()).is_ok(), "{mode:o}");
    }
    let made = folder.path().join("a/b");
    ImageCache::open(&made).unwrap();
    let mode = fs::metadata(&made).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "a new folder is its owner's alone");
}

#[test]
fn a_cache_that_cannot_be_a_folder_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = ImageCache::open(file.path()).unwrap_err();
    assert!(matches!(refused, LoadFailure::Host(_)), "{refused:?}");
}
