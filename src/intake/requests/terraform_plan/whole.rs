//! What is said of a plan as a whole: that it is none, or does not say everything.

use serde_json::value::RawValue;

use super::Reader;
use super::plan::Plan;
use crate::model::diagnostic::Diagnostic;
use crate::model::json_text::items;

impl Reader<'_> {
    /// What is wrong with a text that is no plan, or no plan that we know.
    pub(super) fn no_plan(&self, plan: &Plan<'_>) -> Option<Diagnostic> {
        let version = plan.format_version.map_or("", RawValue::get).trim_matches('"');
        let is_known = version == "1" || version.starts_with("1.");
        let has = |key: &str| plan.has(key);
        let is_plan = [
            "resource_changes",
            "planned_values",
            "configuration",
            "output_changes",
        ]
        .into_iter()
        .any(has);
        if !is_plan && (has("values") || (has("lineage") && has("serial"))) {
            let message =
                "found a Terraform state, expected a plan: a state says what there is, not what is wanted";
            let found = self.problem("request::state-not-plan", message);
            return Some(found.hint("`terraform plan -out plan.bin`, then `terraform show -json plan.bin`"));
        }
        if !is_plan {
            let keys: Vec<&str> = plan.keys.iter().take(5).map(String::as_str).collect();
            let message = format!(
                "no plan: found the keys {}, expected resource_changes",
                keys.join(", ")
            );
            let found = self.problem("plan::not-a-plan", message);
            return Some(found.hint("`terraform plan -out plan.bin`, then `terraform show -json plan.bin`"));
        }
        if is_known && plan.resource_changes.is_none() && plan.plans_resources() {
            let message =
                "found planned_values with resources and no resource_changes, which say what happens to them";
            let found = self.problem("plan::not-a-plan", message).path("resource_changes");
            return Some(found.hint("give the whole of what `terraform show -json plan.bin` prints"));
        }
        (!is_known).then(|| {
            let version = match version {
                "" => "no version".to_owned(),
                version => format!("version {}", version.chars().take(40).collect::<String>()),
            };
            let message = format!("found {version} of the format of plans, expected 1.x");
            let found = self.problem("plan::version", message).path("format_version");
            found.hint("print the plan with Terraform 1.1 or newer, or with OpenTofu")
        })
    }

    /// Warnings about a plan that does not say everything.
    pub(super) fn unfinished(&self, plan: &Plan<'_>) -> Vec<Diagnostic> {
        let is = |value: Option<&RawValue>, text: &str| value.is_some_and(|value| value.get() == text);
        let warning =
            |code, message: String| Diagnostic::warning(code, self.source, message).at(self.first, 0);
        let mut found = Vec::new();
        if is(plan.errored, "true") {
            let message = "planning failed, and the plan has only what was planned until then".to_owned();
            found.push(
                warning("plan::errored", message).hint("see what `terraform plan` says, and plan again"),
            );
        }
        let deferred = plan.deferred_changes.and_then(items).map_or(0, |list| list.len());
        if is(plan.complete, "false") && !is(plan.errored, "true") || deferred > 0 {
            let message = match deferred {
                0 => "the plan is not complete: after it is applied, more will have to be planned".to_owned(),
                n => format!("the plan is not complete: {n} of its resources are left to a later plan"),
            };
            let hint = "check the next plan, too; with -target a plan leaves out what is not named";
            found.push(warning("plan::incomplete", message).hint(hint));
        }
        found
    }
}
