//! Settings frozen into the image: the component is instantiated once, told its settings, and the memory it
//! then has becomes the initial memory of a new component. Every later instance is born configured.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use wasmtime::Store;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentNamedList, Instance, Lift, WasmList};
use wasmtime_wizer::{ComponentInstanceState, Wizer};

use super::contract::{Description, PolicyPlugin, WitSettingProblem};
use super::engine::{Engine, Sandbox, host};
use super::failure::{LoadFailure, SettingProblem};
use crate::model::facts;
use crate::model::schema::{Schema, SchemaProblem};

/// A component with its settings inside, and what it says of itself.
pub(super) struct Frozen {
    pub description: Description,
    /// A component again, not yet compiled.
    pub component: Vec<u8>,
}

/// Checks a component and asks what it says of itself.
pub(super) fn describe(engine: &Engine, component: &[u8]) -> Result<Description, LoadFailure> {
    let compiled = checked(engine, component)?;
    Guest::start(engine, &compiled)?.describe()
}

/// Checks, describes, configures and freezes a component.
pub(super) fn freeze(engine: &Engine, component: &[u8], settings: &str) -> Result<Frozen, LoadFailure> {
    let wizer = Wizer::new();
    let (context, instrumented) = wizer
        .instrument_component(component)
        .map_err(|e| not_a_component(component, &e))?;
    let instrumented = checked(engine, &instrumented)?;
    let mut guest = Guest::start(engine, &instrumented)?;
    let description = guest.describe()?;
    check_settings(&description, settings)?;
    guest.configure(settings)?;
    let frozen = ready(wizer.snapshot_component(&context, &mut guest))?.map_err(host)?;
    match guest.broken {
        Some(why) => Err(LoadFailure::Host(format!(
            "the configured memory cannot be read: {why}"
        ))),
        None => Ok(Frozen {
            description,
            component: frozen,
        }),
    }
}

/// Why bytes are no component, on one line: what comes from below may have several.
fn not_a_component(bytes: &[u8], error: &impl std::fmt::Display) -> LoadFailure {
    if !bytes.starts_with(b"\0asm") {
        return LoadFailure::NotAComponent("expected a WebAssembly component, found other bytes".to_owned());
    }
    let said = format!("{error:#}");
    LoadFailure::NotAComponent(said.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Compiles a component that is not too large and imports nothing.
pub(super) fn checked(engine: &Engine, bytes: &[u8]) -> Result<Component, LoadFailure> {
    let limit = engine.limits().component_bytes;
    if bytes.len() > limit {
        return Err(LoadFailure::TooLarge {
            found: bytes.len(),
            limit,
        });
    }
    let component =
        Component::from_binary(engine.wasmtime(), bytes).map_err(|e| not_a_component(bytes, &e))?;
    let kind = component.component_type();
    let wanting = kind
        .imports(engine.wasmtime())
        .find(|(_, item)| is_code(engine, &item.ty));
    match wanting {
        Some((name, _)) => Err(LoadFailure::Imports(name.to_owned())),
        None => Ok(component),
    }
}

/// Whether an import would have to be satisfied by code: an interface of types alone needs nothing.
fn is_code(engine: &Engine, item: &ComponentItem) -> bool {
    match item {
        ComponentItem::Type(_) => false,
        ComponentItem::ComponentInstance(instance) => instance
            .exports(engine.wasmtime())
            .any(|(_, inner)| is_code(engine, &inner.ty)),
        _ => true,
    }
}

/// An instance that is not frozen.
pub(super) struct Guest<'e> {
    pub engine: &'e Engine,
    pub store: Store<Sandbox>,
    instance: Instance,
    pub plugin: PolicyPlugin,
    /// The first thing that went wrong while the memory was read.
    broken: Option<String>,
}

impl<'e> Guest<'e> {
    pub fn start(engine: &'e Engine, component: &Component) -> Result<Guest<'e>, LoadFailure> {
        let pre = engine
            .linker()
            .instantiate_pre(component)
            .map_err(|e| LoadFailure::Imports(format!("{e:#}")))?;
        let mut store = engine.store();
        let instance = engine
            .call_in(&mut store, |store| pre.instantiate(store))
            .map_err(|failure| LoadFailure::Call {
                function: "start".to_owned(),
                failure,
            })?;
        let plugin = PolicyPlugin::new(&mut store, &instance)
            .map_err(|e| LoadFailure::NotTheContract(format!("{e:#}")))?;
        Ok(Guest {
            engine,
            store,
            instance,
            plugin,
            broken: None,
        })
    }

    pub fn describe(&mut self) -> Result<Description, LoadFailure> {
        let rule = self.plugin.tollgate_policy_rule();
        let found = self
            .engine
            .call_in(&mut self.store, |store| rule.call_describe(store))
            .map_err(|failure| LoadFailure::Call {
                function: "describe".to_owned(),
                failure,
            })?;
        let description = Description::from(found);
        check_description(&description)?;
        Ok(description)
    }

    pub fn configure(&mut self, settings: &str) -> Result<(), LoadFailure> {
        let rule = self.plugin.tollgate_policy_rule();
        let answer = self
            .engine
            .call_in(&mut self.store, |store| rule.call_configure(store, settings))
            .map_err(|failure| LoadFailure::Call {
                function: "configure".to_owned(),
                failure,
            })?;
        answer.map_err(|problems| LoadFailure::Settings(problems.into_iter().map(setting_problem).collect()))
    }

    fn read<R>(&mut self, instance: &str, function: &str) -> Option<R>
    where
        R: Lift + 'static,
        (R,): ComponentNamedList,
    {
        // The accessors copy out whole memories, which no answer of a rule may do.
        self.store.set_hostcall_fuel(usize::MAX);
        match self.call_accessor::<R>(instance, function) {
            Ok(value) => Some(value),
            Err(error) => {
                self.broken.get_or_insert(format!("{error:#}"));
                None
            }
        }
    }

    fn call_accessor<R>(&mut self, instance: &str, function: &str) -> wasmtime::Result<R>
    where
        R: Lift + 'static,
        (R,): ComponentNamedList,
    {
        let missing = || wasmtime::Error::msg(format!("no accessor `{instance}#{function}`"));
        let (_, parent) = self
            .instance
            .get_export(&mut self.store, None, instance)
            .ok_or_else(missing)?;
        let (_, export) = self
            .instance
            .get_export(&mut self.store, Some(&parent), function)
            .ok_or_else(missing)?;
        let function = self
            .instance
            .get_typed_func::<(), (R,)>(&mut self.store, export)?;
        Ok(function.call(&mut self.store, ())?.0)
    }
}

fn setting_problem(problem: WitSettingProblem) -> SettingProblem {
    SettingProblem {
        pointer: problem.pointer,
        message: problem.message,
        hint: None,
    }
}

/// Holds the settings against the plugin's own schema, before the plugin sees them.
pub(super) fn check_settings(description: &Description, settings: &str) -> Result<(), LoadFailure> {
    let schema =
        Schema::parse(&description.settings_schema).map_err(|e| LoadFailure::Description(e.to_string()))?;
    let value = serde_json::from_str(settings).map_err(host)?;
    let problems = schema.problems(&value);
    if problems.is_empty() {
        return Ok(());
    }
    let problem = |p: SchemaProblem| SettingProblem {
        pointer: p.pointer,
        message: p.message,
        hint: p.hint,
    };
    Err(LoadFailure::Settings(problems.into_iter().map(problem).collect()))
}

/// The name is a name, the schema a schema, the facts are facts we have.
fn check_description(description: &Description) -> Result<(), LoadFailure> {
    let name = &description.name;
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !plain {
        return Err(LoadFailure::Description(format!(
            "the name `{name}` is not lower-case words joined by hyphens"
        )));
    }
    Schema::parse(&description.settings_schema).map_err(|e| LoadFailure::Description(e.to_string()))?;
    match description
        .facts
        .iter()
        .find(|f| !facts::NAMES.contains(&f.as_str()))
    {
        Some(unknown) => Err(LoadFailure::Description(format!(
            "it asks for the fact `{unknown}`; there are {}",
            facts::NAMES.join(", ")
        ))),
        None => Ok(()),
    }
}

impl ComponentInstanceState for Guest<'_> {
    async fn call_func_ret_list_u8(
        &mut self,
        instance: &str,
        func: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        if let Some(list) = self.read::<WasmList<u8>>(instance, func) {
            contents(list.as_le_slice(&self.store));
        }
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.read(instance, func).unwrap_or_default()
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.read(instance, func).unwrap_or_default()
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.read::<f32>(instance, func).map_or(0, f32::to_bits)
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.read::<f64>(instance, func).map_or(0, f64::to_bits)
    }
}

/// Runs a future that never waits: every accessor answers at once.
fn ready<T>(future: impl Future<Output = T>) -> Result<T, LoadFailure> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err(LoadFailure::Host("freezing did not finish".to_owned())),
    }
}
