//! Plugins: what they say of themselves, and how a core module becomes a component.

use std::path::Path;

use super::files::unreadable;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::suggest::hint;
use crate::plugin::bundled;
use crate::plugin::contract::Description;
use crate::plugin::failure::LoadFailure;
use crate::plugin::{Component, Host};

/// What a plugin says of itself: a bundled one by its name, any other by the path of its component.
///
/// # Errors
/// `plugin::unknown`, `file::unreadable`, `plugin::load`.
pub fn inspect(name_or_path: &str, host: &Host) -> Result<Description, Diagnostics> {
    let path = Path::new(name_or_path);
    let foreign;
    let component = if let Some(found) = bundled::find(name_or_path) {
        Component::Bundled(found.component)
    } else if path.extension().is_some() || path.is_file() {
        foreign = std::fs::read(path).map_err(|e| unreadable(name_or_path, &e))?;
        Component::Foreign(&foreign)
    } else {
        let names: Vec<&str> = bundled::BUNDLED.iter().map(|b| b.name).collect();
        let hint = hint(name_or_path, &names, |all| {
            format!("bundled plugins: {all}; or give the path of a component")
        });
        let message = format!("there is no bundled plugin `{name_or_path}`");
        return Err(Diagnostic::error("plugin::unknown", name_or_path, message)
            .hint(hint)
            .into());
    };
    describe(host, component)
        .map_err(|e| Diagnostic::error("plugin::load", name_or_path, e.to_string()).into())
}

fn describe(host: &Host, component: Component<'_>) -> Result<Description, LoadFailure> {
    let loaded = host.load(component, "{}");
    match loaded {
        Ok(image) => Ok(image.description().clone()),
        // A plugin with required settings says no to none; it is asked alone.
        Err(LoadFailure::Settings(_)) => host.describe(component),
        Err(other) => Err(other),
    }
}

/// Makes a component of a core module that was built against the contract.
///
/// # Errors
/// `file::unreadable`, `plugin::componentize`.
pub fn componentize(module: &Path) -> Result<Vec<u8>, Diagnostics> {
    let source = module.display().to_string();
    let bytes = std::fs::read(module).map_err(|e| unreadable(&source, &e))?;
    let encoded = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&bytes)
        .and_then(|mut encoder| encoder.encode());
    encoded.map_err(|e| {
        // What comes from below may have several lines.
        let said = format!("{e:#}").split_whitespace().collect::<Vec<_>>().join(" ");
        Diagnostic::error("plugin::componentize", source, said)
            .hint("is it a wasm32-unknown-unknown module built with the contract's bindings?")
            .into()
    })
}
