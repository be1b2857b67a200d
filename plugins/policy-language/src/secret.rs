//! Which attributes hold secrets, by the words of their paths: their values belong into no message.

/// What a key ends in that holds a secret.
const SENSITIVE: [&str; 6] = ["password", "passwd", "pwd", "secret", "token", "passphrase"];

/// What stands before `key` where the key is a secret: `account.key`, `access_key`. Not `public_key`, `kms_key`.
const KEYS: [&str; 7] = [
    "account", "access", "primary", "private", "api", "secret", "shared",
];

/// What stands after such a word where the value only speaks of a secret: `secret_scope`, `token.provider`.
const ABOUT: [&str; 31] = [
    "name",
    "names",
    "scope",
    "scopes",
    "provider",
    "providers",
    "type",
    "class",
    "path",
    "file",
    "uri",
    "url",
    "endpoint",
    "id",
    "ttl",
    "enabled",
    "enable",
    "arn",
    "vault",
    "expiry",
    "duration",
    "header",
    "service",
    "renewal",
    "interval",
    "length",
    "size",
    "binding",
    "refresh",
    "conf",
    "redaction",
];

/// Whether the words of a path say that its value is secret.
pub fn holds_secret(path: &str) -> bool {
    let words = words(path);
    let about = |word: Option<&String>| word.is_some_and(|w| ABOUT.contains(&w.as_str()));
    let mut before = "";
    for (i, word) in words.iter().enumerate() {
        let sensitive = SENSITIVE.contains(&word.as_str()) || (word == "key" && KEYS.contains(&before));
        if sensitive && !about(words.get(i.saturating_add(1))) && !about(words.last()) {
            return true;
        }
        before = word;
    }
    false
}

/// `spark_conf.x.ConnectionPassword` as words: spark, conf, x, connection, password.
fn words(path: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in path.chars() {
        if !c.is_ascii_alphanumeric() {
            words.push(String::new());
        } else {
            if c.is_ascii_uppercase() && lower {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(c.to_ascii_lowercase());
            }
        }
        lower = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_whether_it_holds_a_secret_or_speaks_of_one() {
        for path in [
            "docker_image.basic_auth.password",
            "spark_env_vars.API_KEY",
            "spark_env_vars.DB_PASSWD",
            "spark_conf.fs.azure.account.key.acct.dfs.core.windows.net",
            "azure_attributes.log_analytics_info.log_analytics_primary_key",
            "spark_conf.javax.jdo.option.ConnectionPassword",
        ] {
            assert!(holds_secret(path), "{path}");
        }
        for path in [
            "spark_conf.spark.databricks.secret.scope",
            "spark_conf.fs.azure.account.oauth.provider.type",
            "ssh_public_keys.0",
            "custom_tags.key",
            "node_type_id",
        ] {
            assert!(!holds_secret(path), "{path}");
        }
    }
}
