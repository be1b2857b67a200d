//! The contract as Rust types, generated from `wit/rule.wit`, and the wiring that [`plugin!`](crate::plugin) uses.

use crate::{Configured, Review, Rule};

#[doc(hidden)]
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "policy-plugin",
        pub_export_macro: true,
        export_macro_name: "export_policy_plugin",
        default_bindings_module: "tollgate_sdk::contract::bindings",
        generate_all,
    });
}

pub use bindings::exports::tollgate::policy::rule::{
    Description, Guest, SettingProblem, Supplied, SupplyKind, Undetermined, Verdict, Violation,
};

/// What `describe` answers for a rule.
pub fn describe<R: Rule>() -> Description {
    Description {
        name: R::NAME.into(),
        version: R::VERSION.into(),
        documentation: R::DOCUMENTATION.into(),
        settings_schema: R::SETTINGS_SCHEMA.into(),
        facts: R::FACTS.iter().map(|fact| (*fact).into()).collect(),
        supplies: R::SUPPLIES,
    }
}

/// What `supply` answers: the configured rule's values for this review text.
pub fn supply<R: Rule>(configured: &Configured<R>, review: &str) -> Result<Vec<Supplied>, String> {
    let rule = configured.rule()?;
    Ok(rule.supply(&Review::parse(review)?))
}

/// What `evaluate` answers: the configured rule's verdict on this review text.
pub fn evaluate<R: Rule>(configured: &Configured<R>, review: &str) -> Result<Verdict, String> {
    let rule = configured.rule()?;
    Ok(rule.evaluate(&Review::parse(review)?))
}

/// Makes a [`Rule`](crate::Rule) the plugin that this crate exports. Once per crate.
///
/// Outside of wasm it exports nothing, so that a plugin can be linked into tests and benchmarks like any crate.
#[macro_export]
macro_rules! plugin {
    ($rule:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            static CONFIGURED: $crate::Configured<$rule> = $crate::Configured::new();

            struct Plugin;

            impl $crate::contract::Guest for Plugin {
                fn describe() -> $crate::contract::Description {
                    $crate::contract::describe::<$rule>()
                }

                fn configure(settings: String) -> Result<(), Vec<$crate::SettingProblem>> {
                    CONFIGURED.configure(&settings)
                }

                fn supply(review: String) -> Result<Vec<$crate::Supplied>, String> {
                    $crate::contract::supply(&CONFIGURED, &review)
                }

                fn evaluate(review: String) -> Result<$crate::Verdict, String> {
                    $crate::contract::evaluate(&CONFIGURED, &review)
                }
            }

            $crate::contract::bindings::export_policy_plugin!(Plugin with_types_in $crate::contract::bindings);
        };
    };
}
