//! The policies that come with tollgate, ready to be copied.

/// A bundled policy: name, document, cases.
#[derive(Debug, Clone, Copy)]
pub struct Bundled {
    /// Folder below `policies/`.
    pub name: &'static str,
    /// The document.
    pub policy: &'static str,
    /// Its cases.
    pub cases: &'static str,
}

macro_rules! bundled {
    ($($name:literal),* $(,)?) => {
        &[$(Bundled {
            name: $name,
            policy: include_str!(concat!("../../policies/", $name, "/policy.yaml")),
            cases: include_str!(concat!("../../policies/", $name, "/cases.yaml")),
        }),*]
    };
}

/// All of them, guardrail first.
pub const BUNDLED: &[Bundled] = bundled![
    "guardrails/baseline",
    "etl-jobs",
    "gpu-training",
    "personal-compute",
    "shared-analytics"
];
