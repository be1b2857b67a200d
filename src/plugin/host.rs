//! The host: loads a component with its settings, from the cache where it has been loaded before.

use super::bundled::Bundled;
use super::cache::{ImageCache, ImageKey, deserialize_fresh};
use super::compile::{Compiled, Compiler, compile};
use super::contract::Description;
use super::engine::Engine;
use super::failure::LoadFailure;
use super::freeze::describe;
use super::image::Image;
use super::limits::Limits;
use super::rehearsal::Rehearsal;

/// A component's bytes and whether they are our own.
#[derive(Debug, Clone, Copy)]
pub enum Component<'a> {
    /// Comes with tollgate: compiled in this process.
    Bundled(&'a [u8]),
    /// From anywhere else: compiled where the host's compiler says.
    Foreign(&'a [u8]),
}

/// Engine, compiler and cache.
#[derive(Debug)]
pub struct Host {
    engine: Engine,
    compiler: Compiler,
    cache: Option<ImageCache>,
}

impl Host {
    /// A host.
    ///
    /// # Errors
    /// [`LoadFailure::Host`] when the machine is not one that wasmtime compiles for.
    pub fn new(limits: Limits, compiler: Compiler, cache: Option<ImageCache>) -> Result<Host, LoadFailure> {
        Ok(Host {
            engine: Engine::new(limits)?,
            compiler,
            cache,
        })
    }

    /// Loads a component with its settings (JSON text) frozen in.
    ///
    /// # Errors
    /// Why it cannot become a rule.
    pub fn load(&self, component: Component<'_>, settings: &str) -> Result<Image, LoadFailure> {
        let (Component::Bundled(bytes) | Component::Foreign(bytes)) = component;
        let key = ImageKey::of(&self.engine, bytes, settings);
        if let Some((description, code)) = self.cache.as_ref().and_then(|c| c.load(&self.engine, &key)) {
            return Image::link(&self.engine, &code, description);
        }
        let Compiled { description, code } = match component {
            Component::Bundled(bytes) => compile(&self.engine, bytes, settings)?,
            Component::Foreign(bytes) => self.compiler.compile(&self.engine, bytes, settings)?,
        };
        if let Some(cache) = &self.cache {
            cache.store(&key, &description, &code)?;
        }
        Image::link(
            &self.engine,
            &deserialize_fresh(&self.engine, &code)?,
            description,
        )
    }

    /// A bundled component to try settings on.
    ///
    /// # Errors
    /// Why it cannot become a rule.
    pub fn rehearsal(&self, bundled: &Bundled) -> Result<Rehearsal<'_>, LoadFailure> {
        Rehearsal::of(&self.engine, bundled.component)
    }

    /// What a component says of itself, whatever settings it needs.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub fn describe(&self, component: Component<'_>) -> Result<Description, LoadFailure> {
        match component {
            Component::Bundled(bytes) => describe(&self.engine, bytes),
            Component::Foreign(bytes) => self.compiler.describe(&self.engine, bytes),
        }
    }
}
