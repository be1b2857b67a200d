//! Addresses, as Terraform prints them: `module.compute["finance"].databricks_cluster.env[0]`.

/// A module call with its key, `compute` and `["finance"]`; the key is empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Name of the call.
    pub name: String,
    /// As written, brackets and quotes included.
    pub key: String,
}

/// Where something stands: a module instance, and the key of the resource or call inside it that looks around.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// From the root; empty for the root module.
    pub module: Vec<Step>,
    /// `["finance"]`, `[0]`; empty where there is none.
    pub key: String,
}

impl Site {
    /// The place of a resource; none for addresses that are written in no way we know.
    pub fn of(module_address: Option<&str>, kind: &str, name: &str, address: &str) -> Option<Site> {
        let module = module_address.map_or(Some(Vec::new()), steps)?;
        let own = match module_address {
            Some(outer) => address.strip_prefix(outer)?.strip_prefix('.')?,
            None => address,
        };
        let key = own.strip_prefix(kind)?.strip_prefix('.')?.strip_prefix(name)?;
        let is_key = key.is_empty() || (key.starts_with('[') && key.ends_with(']'));
        is_key.then(|| Site {
            module,
            key: key.to_owned(),
        })
    }

    /// The address of its module instance, as a prefix of addresses: empty, or with a dot at its end.
    pub fn prefix(&self) -> String {
        let step = |step: &Step| format!("module.{}{}.", step.name, step.key);
        self.module.iter().map(step).collect()
    }

    /// The names of its module calls, without keys.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.module.iter().map(|step| step.name.as_str())
    }
}

/// The steps of a module address.
fn steps(address: &str) -> Option<Vec<Step>> {
    let (mut found, mut rest) = (Vec::new(), address);
    loop {
        let (name, key, after) = part(rest.strip_prefix("module.")?)?;
        found.push(Step {
            name: name.to_owned(),
            key: key.to_owned(),
        });
        match after {
            "" => return Some(found),
            after => rest = after.strip_prefix('.')?,
        }
    }
}

/// A name, the key in brackets that may follow it, and what comes after both: `small`, `["a.b"]`, `.id`.
pub fn part(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    if name.is_empty() {
        return None;
    }
    if !rest.starts_with('[') {
        return Some((name, "", rest));
    }
    let (mut quoted, mut escaped) = (false, false);
    for (i, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            ']' if !quoted => {
                let (key, after) = rest.split_at_checked(i.saturating_add(1))?;
                return Some((name, key, after));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_may_hold_dots_brackets_and_quotes() {
        let module = r#"module.compute["a.b]\"c"].module.inner[0]"#;
        let address = format!("{module}.databricks_cluster.env[\"x\"]");
        let site = Site::of(Some(module), "databricks_cluster", "env", &address).unwrap();
        assert_eq!(site.names().collect::<Vec<_>>(), ["compute", "inner"]);
        assert_eq!(site.module[0].key, r#"["a.b]\"c"]"#);
        assert_eq!(site.key, "[\"x\"]");
        assert_eq!(site.prefix(), format!("{module}."));
        assert_eq!(part("small[0].id"), Some(("small", "[0]", ".id")));
        for odd in ["", ".a", "a[0", "a[\"]"] {
            assert_eq!(part(odd), None, "{odd}");
        }
        assert_eq!(Site::of(None, "t", "n", "t.named"), None);
        assert_eq!(Site::of(Some("modul.x"), "t", "n", "modul.x.t.n"), None);
    }
}
