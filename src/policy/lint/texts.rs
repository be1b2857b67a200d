//! What a text is by its looks: a template that nobody has filled in, a secret.

use std::sync::OnceLock;
use tollgate_policy_language::Pattern;
use tollgate_policy_language::attribute::holds_secret;

/// What a secret looks like wherever it stands.
const SHAPES: [(&str, &str); 8] = [
    ("an AWS access key id", r"(?s).*\b(?:AKIA|ASIA)[0-9A-Z]{16}\b.*"),
    (
        "a Databricks access token",
        r"(?s).*\bdapi[0-9a-f]{32}(?:-[0-9]+)?\b.*",
    ),
    (
        "a storage account key",
        r"(?s)(?:.*[^A-Za-z0-9+/=])?[A-Za-z0-9+/]{86}==(?:[^A-Za-z0-9+/=].*)?",
    ),
    ("a private key", r"(?s).*-----BEGIN [A-Z ]*PRIVATE KEY-----.*"),
    (
        "a GitHub token",
        r"(?s).*\b(?:ghp|gho|ghs|github_pat)_[A-Za-z0-9_]{30,}.*",
    ),
    ("a Slack token", r"(?s).*\bxox[abpr]-[A-Za-z0-9-]{20,}.*"),
    (
        "a shared access signature",
        r"(?s).*[?&]sig=[A-Za-z0-9%+/]{20,}.*",
    ),
    (
        "a password in a URL",
        r"(?s).*(?i:password|pwd)=[^;&<>${}\s]{3,}.*",
    ),
];

/// Whether a text is not rendered yet: `${var.team}`, `{{ team }}`, `$NODE_TYPE_ID`. References to secrets are what
/// Databricks itself fills in.
pub(super) fn is_template(text: &str) -> bool {
    let braces = |open: &str| {
        text.match_indices(open).any(|(at, _)| {
            let rest = text.get(at..).unwrap_or_default();
            rest.contains('}') && !rest.starts_with("{{secrets/")
        })
    };
    let placeholder = text.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    });
    braces("${") || braces("{{") || placeholder
}

/// Whether a value must not be shown.
pub(super) fn is_secret(path: &str, value: &str) -> bool {
    kind_of_secret(path, value).is_some()
}

/// What kind of secret a value seems to be.
pub(super) fn kind_of_secret(path: &str, value: &str) -> Option<&'static str> {
    if is_template(value) || value.contains("{{secrets/") || is_placeholder(value) {
        return None;
    }
    let shaped = shapes().iter().find(|(_, pattern)| pattern.matches(value));
    if let Some((name, _)) = shaped {
        return Some(name);
    }
    // Tags name things, and a number or a switch is no secret.
    let telling = !path.starts_with("custom_tags.")
        && value.len() >= 4
        && !["true", "false", "none", "null"].contains(&value.to_ascii_lowercase().as_str())
        && !value.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && !is_class(value)
        && !value.contains("://");
    (telling && holds_secret(path)).then_some("a secret")
}

/// `<metastore-password>`, `***`, `changeme` in capitals: documentation.
fn is_placeholder(value: &str) -> bool {
    (value.starts_with('<') && value.ends_with('>'))
        || value.bytes().all(|b| matches!(b, b'*' | b'x' | b'X' | b'.'))
}

/// `org.apache.hadoop.fs.azurebfs.sas.TokenProvider`.
fn is_class(value: &str) -> bool {
    value.matches('.').count() >= 2
        && value
            .split('.')
            .all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()))
        && value
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn shapes() -> &'static [(&'static str, Pattern)] {
    static COMPILED: OnceLock<Vec<(&str, Pattern)>> = OnceLock::new();
    // A shape that does not compile would be a broken build: a test compiles them.
    COMPILED.get_or_init(|| {
        SHAPES
            .iter()
            .filter_map(|(name, pattern)| Some((*name, Pattern::new(pattern).ok()?)))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_what_speaks_of_them() {
        assert_eq!(shapes().len(), SHAPES.len());
        let key = format!("{}==", "Ab1+".repeat(22).get(..86).unwrap());
        let secret = [
            (
                "spark_conf.fs.azure.account.key.acct.dfs.core.windows.net",
                "abcdefgh",
            ),
            ("spark_conf.javax.jdo.option.ConnectionPassword", "hunter2hunter2"),
            ("spark_env_vars.API_TOKEN", "abc123def"),
            ("docker_image.basic_auth.password", "s3cr3t"),
            (
                "azure_attributes.log_analytics_info.log_analytics_primary_key",
                "Zm9vYmFy",
            ),
            ("spark_conf.anything", "AKIAIOSFODNN7EXAMPLE"),
            ("spark_conf.url", "jdbc:sqlserver://h:1;user=a;password=abc123"),
            ("custom_tags.note", key.as_str()),
        ];
        for (path, value) in secret {
            assert!(is_secret(path, value), "{path}");
        }
        let open = [
            ("spark_conf.fs.azure.account.key.acct", "{{secrets/scope/key}}"),
            ("spark_conf.ConnectionPassword", "<metastore-password>"),
            ("spark_conf.ConnectionPassword", "${var.password}"),
            ("spark_conf.spark.databricks.secret.scope", "my-scope"),
            (
                "spark_env_vars.DATABRICKS_DEFAULT_SERVICE_CREDENTIAL_NAME",
                "credential",
            ),
            (
                "spark_conf.fs.azure.sas.token.provider.type",
                "org.example.sas.TokenProvider",
            ),
            (
                "spark_conf.fs.s3a.server-side-encryption.key",
                "arn:aws:kms:eu-west-1:1:key/abc",
            ),
            ("custom_tags.token", "blue"),
            ("spark_conf.token.renew", "true"),
            ("docker_image.basic_auth.username", "robot"),
            ("spark_conf.spark.hadoop.url", "jdbc:sqlserver://<jdbc-url>"),
        ];
        for (path, value) in open {
            assert!(!is_secret(path, value), "{path}");
        }
    }
}
