//! Imports go one way: each layer only imports what stands above it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers and what each may import, besides itself.
const ALLOWED: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("databricks", &["model"]),
    ("intake", &["model", "databricks"]),
    ("plugin", &["model", "databricks"]),
    ("pricing", &["model", "databricks"]),
    ("lifecycle", &["model", "databricks"]),
    ("ledger", &["model", "databricks"]),
    ("policy", &["model", "databricks", "plugin"]),
    ("store", &["model", "databricks", "ledger"]),
    ("report", &["model", "databricks", "ledger"]),
    (
        "ops",
        &[
            "model",
            "databricks",
            "intake",
            "plugin",
            "pricing",
            "lifecycle",
            "ledger",
            "policy",
            "store",
            "report",
        ],
    ),
    ("cli", &["model", "plugin", "pricing", "report", "ops"]),
];

#[test]
fn imports_go_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    for folder in fs::read_dir(&src)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir())
    {
        let layer = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let may = allowed
            .get(layer.as_str())
            .unwrap_or_else(|| panic!("`{layer}` is not a layer: add it to the list"));
        for file in rust_files(&folder) {
            for imported in imports(&fs::read_to_string(&file).unwrap()) {
                if imported != layer && !may.contains(&imported.as_str()) {
                    faults.push(format!("{}: {layer} imports {imported}", file.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every `crate::layer` of a source text.
fn imports(text: &str) -> Vec<String> {
    let word = |rest: &str| {
        rest.chars()
            .take_while(|c| c.is_ascii_lowercase() || *c == '_')
            .collect::<String>()
    };
    text.match_indices("crate::")
        .map(|(at, found)| word(&text[at + found.len()..]))
        .filter(|w| !w.is_empty())
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_wrong_import_would_be_seen() {
    assert_eq!(
        imports("use crate::store::Database; crate::model::x(); std::fs::read()"),
        ["store", "model"]
    );
}
