//! Rules of a document, loaded to see whether their plugins take their settings.

use std::fs;
use std::path::Path;

use crate::model::diagnostic::Diagnostic;
use crate::plugin::Host;
use crate::policy::document::PolicyDocument;
use crate::policy::loaded::Policy;

/// Loads some rules of a document, as judging would.
pub(super) fn load(
    document: &PolicyDocument,
    rules: &[usize],
    folder: &Path,
    host: &Host,
) -> Vec<Diagnostic> {
    let mut part = document.clone();
    part.rules = rules
        .iter()
        .filter_map(|i| document.rules.get(*i).cloned())
        .collect();
    match Policy::load(&part, host, &|file| fs::read(folder.join(file))) {
        Ok(_) => Vec::new(),
        Err(found) => found
            .0
            .into_iter()
            .map(|d| renumbered(d, rules, document))
            .collect(),
    }
}

/// A diagnostic about the rules that were loaded, told of the rules as they are written.
fn renumbered(mut diagnostic: Diagnostic, kept: &[usize], document: &PolicyDocument) -> Diagnostic {
    if diagnostic.source != document.document.source {
        return diagnostic;
    }
    let rest = diagnostic.path.strip_prefix("rules.").unwrap_or_default();
    let (number, rest) = rest.split_once('.').unwrap_or((rest, ""));
    let number = number.parse::<usize>().ok();
    // The place of a key with dots in it is not found again by the path: what can stay as it is, stays.
    if let Some(i) = number.and_then(|n| kept.get(n)).filter(|i| Some(**i) != number) {
        let place = document
            .document
            .place(format!("/rules/{i}/{}", rest.replace('.', "/")).trim_end_matches('/'));
        (diagnostic.line, diagnostic.column) = (place.line, place.column);
        diagnostic.path = format!("rules.{i}.{rest}").trim_end_matches('.').to_owned();
    }
    diagnostic
}
