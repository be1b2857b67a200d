//! Reading pools, and requests that name them.

use serde_json::Value;

use super::ScenarioPool;
use super::check::{Checker, hinted};
use super::form::PoolForm;
use crate::model::document::{Document, pointer_step};

impl Checker<'_> {
    pub(super) fn pool(&mut self, document: &Document, at: &str, form: PoolForm) -> Option<ScenarioPool> {
        let PoolForm {
            workspace,
            mut fields,
        } = form;
        self.workspace(document, at, &workspace);
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let id = text("instance_pool_id").unwrap_or_default().to_owned();
        self.name(document, &pointer_step(at, "instance_pool_id"), &id, "pool");
        fields.entry("instance_pool_name").or_insert(Value::String(id));
        match serde_json::from_value(Value::Object(fields)) {
            Ok(pool) => Some(ScenarioPool { workspace, pool }),
            Err(e) => {
                self.error(document, at, "scenario::schema", e.to_string());
                None
            }
        }
    }

    /// The pools that a request names must be those of its workspace.
    pub(super) fn pools_named(&mut self, document: &Document, request_at: &str, workspace: &str) {
        for key in ["instance_pool_id", "driver_instance_pool_id"] {
            let at = pointer_step(request_at, key);
            let Some(id) = document.value.pointer(&at).and_then(Value::as_str) else {
                continue;
            };
            if !self.pools.contains(&(workspace.to_owned(), id.to_owned())) {
                let message = format!("workspace `{workspace}` has no pool `{id}`");
                let problem = document.error("scenario::unknown-pool", &at, message);
                let here = self
                    .pools
                    .iter()
                    .filter(|(w, _)| w == workspace)
                    .map(|(_, id)| id.as_str());
                self.problems.push(hinted(problem, id, here));
            }
        }
    }
}
