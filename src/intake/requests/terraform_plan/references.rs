//! What an unknown id will be that of: references of the configuration, followed to a resource of the plan.
//!
//! References are relative to their module and know no keys. They are followed through variables and outputs of modules. A
//! configuration has what an expression refers to, not what it makes of it: `var.big ? pool.big.id : null` shows as both, and so an
//! id is known only where an expression refers to nothing but one resource, one variable or one output. Where two resources
//! could be meant, or something else takes part, the id stays unknown without a reference.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use super::address::{Site, Step, part};
use super::configuration::{Written, references};

/// Variables and outputs that are followed one after the other, at most.
const MAX_STEPS: usize = 16;

/// Resources that will exist, by address without key: the keys of their instances.
#[derive(Debug, Default)]
pub struct Instances(BTreeMap<String, BTreeSet<String>>);

impl Instances {
    /// Adds one.
    pub fn add(&mut self, site: &Site, kind: &str, name: &str) {
        let address = format!("{}{kind}.{name}", site.prefix());
        self.0.entry(address).or_default().insert(site.key.clone());
    }

    /// The address of the one that is meant: with this key, else the only one.
    fn meant(&self, address: String, key: &str, own_key: Option<&str>) -> Option<String> {
        let keys = self.0.get(&address)?;
        let only = || match keys.len() {
            1 => keys.first().map(String::as_str),
            _ => None,
        };
        let key = match key {
            "" => own_key.filter(|own| keys.contains(*own)).or_else(only)?,
            key => keys.get(key)?,
        };
        Some(format!("{address}{key}"))
    }
}

/// Follows references.
pub struct Follower<'c> {
    /// What is written.
    pub written: &'c Written<'c>,
    /// What there will be.
    pub instances: &'c Instances,
}

/// What is looked for behind references, and what was found.
struct Search<'c> {
    /// A type of resources; empty when there is none to be found.
    kind: &'c str,
    steps: usize,
    found: BTreeSet<String>,
}

impl Follower<'_> {
    /// The one resource of a kind whose id an expression gives; none where it is not certain.
    pub fn target(&self, site: &Site, references: &[Value], kind: &str) -> Option<String> {
        let mut search = Search {
            kind,
            steps: MAX_STEPS,
            found: BTreeSet::new(),
        };
        let certain = self.follow(site, references, &mut search);
        match search.found.len() {
            1 if certain => search.found.pop_first(),
            _ => None,
        }
    }

    /// Whether an expression refers to something, and only to what is known when planning: keys, counts, variables that have
    /// values. Its value is known then, and where it shows none, it is null.
    pub fn is_known(&self, site: &Site, references: &[Value]) -> bool {
        let mut search = Search {
            kind: "",
            steps: MAX_STEPS,
            found: BTreeSet::new(),
        };
        !references.is_empty() && self.follow(site, references, &mut search)
    }

    /// Whether everything that an expression refers to is understood.
    fn follow(&self, site: &Site, references: &[Value], search: &mut Search<'_>) -> bool {
        let Some(left) = search.steps.checked_sub(1) else {
            return false;
        };
        search.steps = left;
        let texts: Vec<&str> = references.iter().filter_map(Value::as_str).collect();
        let repeats = texts
            .iter()
            .any(|text| matches!(*text, "each.key" | "count.index"));
        let own_key = repeats.then_some(site.key.as_str());
        // Each reference is followed by its shorter forms: `a.b.id`, then `a.b`.
        let shorter = |text: &str| texts.iter().any(|longer| is_longer(longer, text));
        let longest: Vec<&&str> = texts.iter().filter(|text| !shorter(text)).collect();
        if !search.kind.is_empty() && !is_plain(&longest, search.kind) {
            return false;
        }
        longest
            .into_iter()
            .all(|text| self.reference(site, text, own_key, search).unwrap_or(false))
    }

    /// One reference, relative to a module: `var.pool`, `module.pools["a"].id`, `databricks_instance_pool.small[0].id`. None where it
    /// is written in no way we know.
    fn reference(
        &self,
        site: &Site,
        text: &str,
        own_key: Option<&str>,
        search: &mut Search<'_>,
    ) -> Option<bool> {
        let (first, _, rest) = part(text)?;
        let (name, key, rest) = part(rest.strip_prefix('.')?)?;
        Some(match first {
            "each" => name == "key",
            "count" | "path" | "terraform" => true,
            "var" => self.variable(site, name, search),
            "module" => {
                let (output, ..) = part(rest.strip_prefix('.')?)?;
                let mut module = site.module.clone();
                module.push(Step {
                    name: name.to_owned(),
                    key: match key {
                        "" => own_key.unwrap_or_default().to_owned(),
                        key => key.to_owned(),
                    },
                });
                let inside = Site {
                    module,
                    key: String::new(),
                };
                let references = self.written.output(&inside, output)?;
                self.follow(&inside, references, search)
            }
            _ if first == search.kind && matches!(rest, "" | ".id" | ".instance_pool_id" | ".policy_id") => {
                let address = format!("{}{first}.{name}", site.prefix());
                search.found.insert(self.instances.meant(address, key, own_key)?);
                true
            }
            _ => false,
        })
    }

    /// A variable of the root module has a value that the plan was made with; so has one that a module is not called with.
    fn variable(&self, site: &Site, name: &str, search: &mut Search<'_>) -> bool {
        let Some((last, outer)) = site.module.split_last() else {
            return true;
        };
        let outside = Site {
            module: outer.to_vec(),
            key: last.key.clone(),
        };
        let argument = self.written.argument(site, name);
        argument.is_none_or(|expression| match references(expression) {
            // A constant; or a function of nothing, `uuid()`.
            [] => expression.get("constant_value").is_some(),
            references => self.follow(&outside, references, search),
        })
    }
}

/// Whether an expression can be nothing but one id. A key that is computed, `pool.small[each.key].id`, leaves the resource without
/// an attribute; beside an attribute it decides about something else, `each.key == "a" ? pool.small.id : null`.
fn is_plain(references: &[&&str], kind: &str) -> bool {
    let is_key = |text: &str| matches!(text, "each.key" | "count.index");
    let keys = references.iter().filter(|text| is_key(text)).count();
    let of_kind = |text: &str| text.strip_prefix(kind).is_some_and(|rest| rest.starts_with('.'));
    let mut others = references.iter().filter(|text| !is_key(text));
    let Some(first) = others.next() else {
        return false;
    };
    let has_attribute = |text: &str| {
        let name = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix('.'));
        name.and_then(part).is_none_or(|(_, _, rest)| !rest.is_empty())
    };
    match keys {
        // Two attributes of one resource.
        0 => references.len() == 1 || references.iter().all(|text| of_kind(text)),
        _ => !has_attribute(first) && others.next().is_none(),
    }
}

/// Whether a reference is another one with more behind it.
fn is_longer(longer: &str, text: &str) -> bool {
    longer
        .strip_prefix(text)
        .is_some_and(|rest| rest.starts_with(['.', '[']))
}
