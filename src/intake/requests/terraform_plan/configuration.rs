//! The configuration of a plan: what somebody wrote, module by module, without the keys of count and for_each.
//!
//! Only here does it show whether a value that is unknown until apply comes from something else (there is an expression), or is
//! a default that the server will choose (there is none).

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::address::Site;

/// The `configuration` of a plan.
#[derive(Default, Deserialize)]
pub struct Configuration<'a> {
    /// Providers, by `provider_config_key`.
    #[serde(borrow, default)]
    provider_config: BTreeMap<String, Provider<'a>>,
    #[serde(borrow, default)]
    root_module: Module<'a>,
}

#[derive(Deserialize)]
struct Provider<'a> {
    /// None in the root module.
    #[serde(borrow, default)]
    module_address: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    expressions: Expressions<'a>,
}

/// A module as it is written.
#[derive(Default, Deserialize)]
pub struct Module<'a> {
    #[serde(borrow, default)]
    resources: Vec<Resource<'a>>,
    #[serde(borrow, default)]
    module_calls: BTreeMap<String, Call<'a>>,
    #[serde(borrow, default)]
    outputs: BTreeMap<String, Output<'a>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    expressions: Expressions<'a>,
    #[serde(borrow, default)]
    module: Module<'a>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow, default)]
    expression: Expressions<'a>,
}

/// A resource as it is written.
#[derive(Deserialize)]
pub struct Resource<'a> {
    #[serde(borrow)]
    mode: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    provider_config_key: Cow<'a, str>,
    #[serde(borrow, default)]
    expressions: Expressions<'a>,
}

/// Expressions, read when they are first asked for: most never are.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Expressions<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(skip)]
    read: OnceLock<Map<String, Value>>,
}

impl Expressions<'_> {
    fn read(&self) -> &Map<String, Value> {
        self.read.get_or_init(|| {
            let text = self.text.map_or("{}", RawValue::get);
            serde_json::from_str(text).unwrap_or_default()
        })
    }
}

/// A value that the plan was made with.
#[derive(Deserialize)]
struct Variable {
    #[serde(default)]
    value: Value,
}

/// Every resource that is written, by where and what.
pub struct Written<'c> {
    configuration: &'c Configuration<'c>,
    /// Variables of the root module, with the values that the plan was made with.
    variables: BTreeMap<String, Variable>,
    resources: BTreeMap<String, &'c Resource<'c>>,
}

impl<'c> Written<'c> {
    /// Looks through a configuration. `variables` are those of the plan; what cannot be read of them is not known.
    pub fn of(configuration: &'c Configuration<'c>, variables: Option<&RawValue>) -> Written<'c> {
        let variables = variables.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let mut resources = BTreeMap::new();
        gather(&configuration.root_module, "", &mut resources);
        Written {
            configuration,
            variables: variables.unwrap_or_default(),
            resources,
        }
    }

    /// A managed resource.
    pub fn resource(&self, site: &Site, kind: &str, name: &str) -> Option<&'c Resource<'c>> {
        let mut key: String = site.names().flat_map(|name| [name, "."]).collect();
        key.extend([kind, ".", name]);
        self.resources.get(&key).copied()
    }

    /// The expression that a module is called with for one of its variables; none for a variable that it is not called with.
    pub fn argument(&self, site: &Site, variable: &str) -> Option<&'c Value> {
        let (last, outer) = site.module.split_last()?;
        let outer = self.module(outer.iter().map(|step| step.name.as_str()))?;
        let call = outer.module_calls.get(&last.name)?;
        call.expressions.read().get(variable)
    }

    /// The references of an output of a module.
    pub fn output(&self, site: &Site, name: &str) -> Option<&'c [Value]> {
        let output = self.module(site.names())?.outputs.get(name)?;
        let references = output.expression.read().get("references");
        Some(references.and_then(Value::as_array)?)
    }

    fn module<'n>(&self, names: impl Iterator<Item = &'n str>) -> Option<&'c Module<'c>> {
        let mut at = &self.configuration.root_module;
        for name in names {
            at = &at.module_calls.get(name)?.module;
        }
        Some(at)
    }

    /// Host of the workspace that a resource's provider talks to; none where nobody wrote one. Where what is written has a
    /// value that does not show, it is a template: `${data.databricks_mws_workspaces.all.ids}`.
    pub fn host(&self, resource: &Resource<'_>) -> Option<String> {
        let provider = self
            .configuration
            .provider_config
            .get(resource.provider_config_key.as_ref())?;
        let expression = provider.expressions.read().get("host")?;
        if let Some(constant) = expression.get("constant_value") {
            return constant.as_str().map(str::to_owned);
        }
        let texts: Vec<&str> = references(expression).iter().filter_map(Value::as_str).collect();
        let in_root = provider.module_address.is_none();
        let known = match texts.as_slice() {
            [one] if in_root => one.strip_prefix("var.").and_then(|name| self.host_in(name)),
            _ => None,
        };
        Some(known.unwrap_or_else(|| format!("${{{}}}", texts.first().unwrap_or(&"host"))))
    }

    /// The value of a variable that is a host as it is. What is only part of one (`https://${var.name}.example.com`) is none: the
    /// configuration has references, not what is made of them.
    fn host_in(&self, variable: &str) -> Option<String> {
        let value = self.variables.get(variable)?.value.as_str()?;
        let is_host = value.starts_with("https://") || value.contains('.');
        is_host.then(|| value.to_owned())
    }
}

fn gather<'c>(module: &'c Module<'c>, prefix: &str, found: &mut BTreeMap<String, &'c Resource<'c>>) {
    for resource in module.resources.iter().filter(|r| r.mode == "managed") {
        found.insert(format!("{prefix}{}.{}", resource.kind, resource.name), resource);
    }
    for (name, call) in &module.module_calls {
        gather(&call.module, &format!("{prefix}{name}."), found);
    }
}

/// What an expression refers to.
pub fn references(expression: &Value) -> &[Value] {
    let references = expression.get("references").and_then(Value::as_array);
    references.map_or(&[], Vec::as_slice)
}

/// What is written for a block; nothing can be told of one that a `dynamic` block makes.
#[derive(Debug, Clone, Copy)]
pub enum Told<'c> {
    /// Its expressions.
    Block(&'c Map<String, Value>),
    /// It does not show.
    Nothing,
}

/// What is written for an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting<'c> {
    /// Nothing.
    Unset,
    /// An expression that refers to these.
    Refers(&'c [Value]),
    /// It does not show whether there is an expression.
    Untold,
}

/// Attributes that name a block among its like; a task has a `job_cluster_key`, too, which is not its name.
const KEYS: [&str; 4] = ["task_key", "job_cluster_key", "environment_key", "label"];

impl<'c> Told<'c> {
    /// What is written for a resource.
    pub fn of(resource: Option<&'c Resource<'c>>) -> Told<'c> {
        resource.map_or(Told::Nothing, |resource| Told::Block(resource.expressions.read()))
    }

    /// What is written for an attribute of the block.
    pub fn setting(self, key: &str) -> Setting<'c> {
        match self {
            Told::Nothing => Setting::Untold,
            Told::Block(expressions) => {
                let expression = expressions.get(key);
                expression.map_or(Setting::Unset, |found| Setting::Refers(references(found)))
            }
        }
    }

    /// What is written for one of the blocks inside: by its name where it has one, else by its number where as many are
    /// written as there are.
    pub fn inner(self, key: &str, block: &Value, number: usize, of: usize) -> Told<'c> {
        let Told::Block(expressions) = self else {
            return Told::Nothing;
        };
        let Some(Value::Array(written)) = expressions.get(key) else {
            return Told::Nothing;
        };
        let constant = |block: &'c Value, key: &str| block.get(key)?.get("constant_value");
        let told = |block: &'c Value| block.as_object().map_or(Told::Nothing, Told::Block);
        let named = KEYS.iter().find_map(|key| Some((*key, block.get(key)?)));
        let is_named =
            |block: &&'c Value| named.is_some_and(|(key, name)| constant(block, key) == Some(name));
        if let Some(block) = written.iter().find(is_named) {
            return told(block);
        }
        match written.get(number) {
            Some(block)
                if written.len() == of && named.is_none_or(|(key, _)| constant(block, key).is_none()) =>
            {
                told(block)
            }
            _ => Told::Nothing,
        }
    }
}
