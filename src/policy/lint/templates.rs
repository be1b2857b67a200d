//! Text that somebody should have filled in before.

use super::subject::Subject;
use super::texts::is_template;
use crate::model::finding::Finding;
use crate::model::tree::{Content, Node};

/// Spark fills in `${env:NAME}`, Hadoop `${user.name}`, a shell `$PATH`: where values are theirs, only Terraform's
/// and Jinja's own spellings count.
fn is_forgotten(path: &str, text: &str) -> bool {
    if !path.starts_with("spark_conf.") && !path.starts_with("spark_env_vars.") {
        return is_template(text);
    }
    let terraform = [
        "${var.",
        "${local.",
        "${data.",
        "${module.",
        "${each.",
        "${bundle.",
    ];
    terraform.iter().any(|start| text.contains(start))
        || (text.contains("{{") && is_template(text) && !text.contains("${"))
}

/// One finding for all of them: where one value is not rendered, all of them are not.
pub(super) fn unrendered(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let mut first: Option<&Node> = None;
    let mut paths: Vec<&str> = Vec::new();
    for entry in &subject.entries {
        let mut here = Vec::new();
        if is_template(entry.path) {
            here.push(&entry.member.key);
        }
        texts(entry.node(), &mut |node, text| {
            if is_forgotten(entry.path, text) {
                here.push(node);
            }
        });
        if let Some(node) = here.first() {
            first = first.or(Some(node));
            paths.push(entry.path);
        }
    }
    let (Some(at), Some(path)) = (first, paths.first()) else {
        return;
    };
    let message = match paths.as_slice() {
        [_] => "a template that nobody has filled in".to_owned(),
        [first, second, rest @ ..] => {
            let more = match rest.len() {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            format!("templates that nobody has filled in: `{first}`, `{second}`{more}")
        }
        [] => return,
    };
    let finding = subject.found("lint::template", at.span, path, message);
    findings.push(finding.hint("lint what is sent to Databricks: the rendered definition"));
}

/// Every text below a node.
fn texts<'a>(node: &'a Node, visit: &mut dyn FnMut(&'a Node, &'a str)) {
    match &node.content {
        Content::Text(text) => visit(node, text),
        Content::List(entries) => entries.iter().for_each(|entry| texts(entry, visit)),
        Content::Object(members) => members.iter().for_each(|m| texts(&m.value, visit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_databricks_and_spark_fill_in_is_no_template() {
        for text in ["${var.x}", "a-{{ x }}", "$NODE_TYPE_ID", "${prefix}-[a-z]*"] {
            assert!(is_template(text), "{text}");
        }
        for text in ["{{secrets/a/b}}", "^abc$", "$", "[a-z]{2}$", "$5", "a${"] {
            assert!(!is_template(text), "{text}");
        }
        assert!(!is_forgotten("spark_conf.a", "${env:HOME}/x") && !is_forgotten("spark_env_vars.P", "$PATH"));
        assert!(is_forgotten("spark_conf.a", "${var.x}") && is_forgotten("spark_conf.a", "{{x}}"));
        assert!(is_forgotten("custom_tags.a", "${cost_center}"));
    }
}
