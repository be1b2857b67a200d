//! What an unknown id will be that of: references of the configuration, followed to a resource of the plan.
//!
//! References are relative to their module and know no keys. They are followed through variables and outputs of modules; where two
//! resources could be meant, or something takes part whose value nobody can see (a local, a data source), the id stays
//! unknown without a reference.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

use super::address::{Site, Step, part};
use super::configuration::Written;

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

impl Follower<'_> {
    /// The one resource of a kind whose id an expression gives; none where it is not certain.
    pub fn target(&self, site: &Site, references: &[Value], kind: &str) -> Option<String> {
        let mut found = BTreeSet::new();
        let mut steps = MAX_STEPS;
        let certain = self.follow(site, references, kind, &mut steps, &mut found);
        match found.len() {
            1 if certain => found.pop_first(),
            _ => None,
        }
    }

    /// Whether everything that an expression refers to is understood.
    fn follow(
        &self,
        site: &Site,
        references: &[Value],
        kind: &str,
        steps: &mut usize,
        found: &mut BTreeSet<String>,
    ) -> bool {
        let Some(left) = steps.checked_sub(1) else {
            return false;
        };
        *steps = left;
        let texts: Vec<&str> = references.iter().filter_map(Value::as_str).collect();
        let repeats = texts
            .iter()
            .any(|text| matches!(*text, "each.key" | "count.index"));
        let own_key = repeats.then_some(site.key.as_str());
        // Each reference is followed by its shorter forms: `a.b.id`, then `a.b`.
        let shorter = |text: &str| texts.iter().any(|longer| is_longer(longer, text));
        texts.iter().filter(|text| !shorter(text)).all(|text| {
            let Some((first, "", rest)) = part(text) else {
                return false;
            };
            let Some((name, key, rest)) = rest.strip_prefix('.').and_then(part) else {
                return false;
            };
            match first {
                "each" | "count" | "path" | "terraform" => true,
                "var" => self.variable(site, name, kind, steps, found),
                "module" => {
                    let output = rest.strip_prefix('.').and_then(part).map(|(name, ..)| name);
                    let key = match (key, own_key) {
                        ("", Some(own)) => own,
                        (key, _) => key,
                    };
                    let mut module = site.module.clone();
                    module.push(Step {
                        name: name.to_owned(),
                        key: key.to_owned(),
                    });
                    let inside = Site {
                        module,
                        key: String::new(),
                    };
                    let references = output.and_then(|output| self.written.output(&inside, output));
                    references.is_some_and(|references| self.follow(&inside, references, kind, steps, found))
                }
                _ if first == kind && matches!(rest, "" | ".id" | ".instance_pool_id" | ".policy_id") => {
                    let address = format!("{}{kind}.{name}", site.prefix());
                    let meant = self.instances.meant(address, key, own_key);
                    meant.map(|address| found.insert(address)).is_some()
                }
                _ => false,
            }
        })
    }

    /// A variable of the root module has a value that the plan was made with.
    fn variable(
        &self,
        site: &Site,
        name: &str,
        kind: &str,
        steps: &mut usize,
        found: &mut BTreeSet<String>,
    ) -> bool {
        let Some((last, outer)) = site.module.split_last() else {
            return true;
        };
        let Some(references) = self.written.argument(site, name) else {
            return true;
        };
        let outside = Site {
            module: outer.to_vec(),
            key: last.key.clone(),
        };
        self.follow(&outside, references, kind, steps, found)
    }
}

/// Whether a reference is another one with more behind it.
fn is_longer(longer: &str, text: &str) -> bool {
    longer
        .strip_prefix(text)
        .is_some_and(|rest| rest.starts_with(['.', '[']))
}
