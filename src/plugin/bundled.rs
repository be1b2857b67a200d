//! The plugins that come with tollgate, as components built from `plugins/`.

/// A bundled component.
#[derive(Debug, Clone, Copy)]
pub struct Bundled {
    /// The name policies use.
    pub name: &'static str,
    /// The component.
    pub component: &'static [u8],
    /// Its cases, run by `tollgate plugin test`.
    pub cases: &'static str,
}

macro_rules! bundled {
    ($($name:literal),* $(,)?) => {
        &[$(Bundled {
            name: $name,
            component: include_bytes!(concat!("../../plugins/", $name, "/", $name, ".wasm")),
            cases: include_str!(concat!("../../plugins/", $name, "/cases.yaml")),
        }),*]
    };
}

/// All of them, by name.
pub const BUNDLED: &[Bundled] = bundled![
    "auto-termination",
    "cluster-policy",
    "cluster-size",
    "cost-ceiling",
    "cost-increase",
    "init-scripts",
    "node-type",
    "required-tags",
    "runtime",
    "spot-mix",
];

/// The bundled plugin of a name.
pub fn find(name: &str) -> Option<&'static Bundled> {
    BUNDLED.iter().find(|b| b.name == name)
}
