//! The files of a scenario, and the digest of everything that its bill depends on.

use std::path::{Path, PathBuf};

use crate::lifecycle::Scenario;
use crate::model::diagnostic::Diagnostics;
use crate::model::document::Document;
use crate::ops::files::{Text, below, has_extension, read_text};
use crate::ops::policies::Policies;

/// The scenario's files.
pub(super) struct Source {
    pub folder: PathBuf,
    pub main: Document,
    pub includes: Vec<Document>,
    pub texts: Vec<Text>,
}

impl Source {
    pub fn read(path: &Path) -> Result<Source, Diagnostics> {
        let path = if path.is_dir() {
            path.join("scenario.yaml")
        } else {
            path.to_owned()
        };
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let text = read_text(&path)?;
        let main = Document::parse(&text.source, &text.text)?;
        let mut texts = vec![text];
        let mut includes = Vec::new();
        let mut problems = Vec::new();
        for include in Scenario::includes(&main) {
            let read = read_text(&folder.join(include));
            match read.and_then(|text| Document::parse(&text.source, &text.text).map(|d| (text, d))) {
                Ok((text, document)) => {
                    texts.push(text);
                    includes.push(document);
                }
                Err(found) => problems.extend(found.0),
            }
        }
        if problems.is_empty() {
            Ok(Source {
                folder,
                main,
                includes,
                texts,
            })
        } else {
            Err(Diagnostics(problems))
        }
    }
}

/// What the bill depends on: the scenario, its prices, its policies, rules for cost centres, and this version of tollgate with the
/// prices that come with it.
pub(super) fn digest(
    texts: &[Text],
    prices: &[PathBuf],
    policies: &Policies<'_>,
    rules: Option<&Text>,
) -> Result<String, Diagnostics> {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &[u8]| {
        hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    texts.iter().for_each(|t| add(t.text.as_bytes()));
    for path in prices {
        for file in below(path, &|p| has_extension(p, &["json"]))? {
            add(read_text(&file)?.text.as_bytes());
        }
    }
    policies.sources()?.iter().for_each(|source| add(source));
    // Without rules the digest is that of before there were any.
    if let Some(rules) = rules {
        add(b"cost-centres");
        add(rules.text.as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}
