//! Secrets in plain sight: whoever may use a policy may read its definition. No message shows a value.

use super::subject::Subject;
use super::texts::kind_of_secret;
use crate::model::finding::Finding;
use crate::model::tree::Node;

/// A literal value under a key that holds a secret, or that looks like one.
pub(super) fn secret(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    // An element that cannot be read shows its value no less.
    for entry in &subject.entries {
        let kind_of_element = entry.node().get("type").and_then(Node::text);
        if matches!(kind_of_element, Some("blocklist" | "blacklist")) {
            continue;
        }
        for (_, node, text) in entry.scalars() {
            let Some(kind) = kind_of_secret(entry.path, &text) else {
                continue;
            };
            let message = format!("looks like {kind}, readable by everybody who may use the policy");
            findings.push(
                subject
                    .found("lint::secret", node.span, entry.path, message)
                    .hint("put it into a secret scope and write `{{secrets/SCOPE/KEY}}`; change it, since it was written down"),
            );
        }
    }
}
