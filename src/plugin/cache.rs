//! Compiled images on disk, so that the second start is quick. An image is loaded as machine code without
//! further checks, so the folder must be one that only its owner can write.

use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime::component::Component;

use super::contract::Description;
use super::engine::{Engine, host};
use super::failure::LoadFailure;

/// Changes when the layout of cached files does.
const LAYOUT: &str = "tollgate image 3";

/// A folder of compiled images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageCache {
    folder: PathBuf,
}

/// Names one image: everything it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageKey(String);

impl ImageKey {
    pub(super) fn of(engine: &Engine, component: &[u8], settings: &str) -> ImageKey {
        let mut hasher = blake3::Hasher::new();
        for part in [
            LAYOUT.as_bytes(),
            &engine.fingerprint().to_le_bytes(),
            component,
            settings.as_bytes(),
        ] {
            hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(part);
        }
        ImageKey(hasher.finalize().to_hex().to_string())
    }
}

/// What lies beside the code.
#[derive(Debug, Serialize, Deserialize)]
struct Label {
    /// BLAKE3 of the code, hexadecimal.
    code_digest: String,
    description: Description,
}

impl ImageCache {
    /// A cache in a folder, which is made (for its owner alone) when it does not exist.
    ///
    /// # Errors
    /// [`LoadFailure::Host`] when it cannot be made, belongs to somebody else, or can be written by others.
    pub fn open(folder: &Path) -> Result<ImageCache, LoadFailure> {
        let named = |e: io::Error| LoadFailure::Host(format!("the cache folder `{}`: {e}", folder.display()));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(named)?;
        let found = fs::metadata(folder).map_err(named)?;
        if found.uid() != rustix::process::geteuid().as_raw() || found.permissions().mode() & 0o022 != 0 {
            return Err(LoadFailure::Host(format!(
                "the cache folder `{}` can be written by others; machine code is loaded from it: chmod go-w it, or name another with --cache-dir",
                folder.display()
            )));
        }
        Ok(ImageCache {
            folder: folder.to_owned(),
        })
    }

    /// Loads an image, if it is there and whole.
    pub(super) fn load(&self, engine: &Engine, key: &ImageKey) -> Option<(Description, Component)> {
        let label: Label = serde_json::from_slice(&fs::read(self.path(key, "json")).ok()?).ok()?;
        let code = self.path(key, "cwasm");
        // Damaged code would be mapped and run all the same. Hashing it costs a tenth of a millisecond.
        if blake3::hash(&fs::read(&code).ok()?).to_hex().as_str() != label.code_digest {
            return None;
        }
        Some((label.description, deserialize(engine, &code).ok()?))
    }

    /// Stores an image. Written beside and renamed, so that another process sees all of it or nothing.
    pub(super) fn store(
        &self,
        key: &ImageKey,
        description: &Description,
        code: &[u8],
    ) -> Result<(), LoadFailure> {
        let label = serde_json::to_vec(&Label {
            code_digest: blake3::hash(code).to_hex().to_string(),
            description: description.clone(),
        })
        .map_err(host)?;
        self.write(&self.path(key, "cwasm"), code).map_err(host)?;
        // The label comes last: its presence says that the code is complete.
        self.write(&self.path(key, "json"), &label).map_err(host)
    }

    fn path(&self, key: &ImageKey, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", key.0))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        // Threads of one process store the same image too, so each writing has a file of its own.
        static WRITINGS: AtomicU64 = AtomicU64::new(0);
        let writing = WRITINGS.fetch_add(1, Ordering::Relaxed);
        let beside = path.with_extension(format!("tmp-{}-{writing}", std::process::id()));
        fs::write(&beside, bytes)
            .and_then(|()| fs::rename(&beside, path))
            .inspect_err(|_| {
                let _ = fs::remove_file(&beside);
            })
    }
}

/// Maps a compiled image into memory.
#[allow(unsafe_code)]
fn deserialize(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: the file is machine code made by `Engine::precompile_component` with the same version,
    // configuration and CPU (all part of its name), in a folder that only its owner can write.
    unsafe { Component::deserialize_file(engine.wasmtime(), path) }
}

/// Takes over code compiled a moment ago, by us or by our own child.
#[allow(unsafe_code)]
pub(super) fn deserialize_fresh(engine: &Engine, code: &[u8]) -> Result<Component, LoadFailure> {
    // SAFETY: as above; it never left this process and its child.
    unsafe { Component::deserialize(engine.wasmtime(), code) }.map_err(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_store_one_image_at_a_time_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ImageCache::open(&folder.path().join("images")).unwrap();
        let (key, code) = (ImageKey("k".to_owned()), vec![7; 1 << 16]);
        let description = Description {
            name: "n".to_owned(),
            version: "1".to_owned(),
            documentation: String::new(),
            settings_schema: String::new(),
            facts: Vec::new(),
            supplies: false,
        };
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    for _ in 0..50 {
                        cache.store(&key, &description, &code).unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read(cache.path(&key, "cwasm")).unwrap(), code);
        // Nothing is left beside the image and its label.
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 2);
    }
}
