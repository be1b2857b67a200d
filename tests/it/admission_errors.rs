//! The part of the catalogue of diagnostics that is about `tollgate.yaml` and waivers.

use crate::errors::{Case, Trigger, files};

const REQUEST: &str = r#"{"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_DS3_v2", "num_workers": 2,
 "custom_tags": {"team": "a", "cost_center": "CC-1100"}}
"#;

fn configured(code: &'static str, text: &str) -> Case {
    files(
        code,
        "check r.json --at 2026-10-01",
        &[("r.json", REQUEST), ("tollgate.yaml", text)],
    )
}

fn waivers(code: &'static str, text: &str) -> Case {
    files(
        code,
        "check r.json --waivers waivers.yaml --at 2026-10-01",
        &[
            ("r.json", REQUEST),
            ("waivers.yaml", &format!("waivers:\n{text}")),
        ],
    )
}

pub fn admissions() -> Vec<Case> {
    let waiver = "  - waiver: a\n    reason: r\n    approved_by: ana@example.com\n    expires: 2026-12-31\n    scope: { policy: etl-jobs, rule: size }\n";
    vec![
        configured(
            "configuration::schema",
            "polices: here\nbindings:\n  - policy: etl-jobs\n    when: { kind: pool, jobs: [] }\n",
        ),
        configured(
            "configuration::duplicate-workspace",
            "workspaces:\n  - { workspace: prod, cloud: AZURE }\n  - { workspace: prod, cloud: AWS }\n",
        ),
        configured(
            "configuration::unknown-workspace",
            "workspaces:\n  - { workspace: prod }\nbindings:\n  - policy: etl-jobs\n    when: { workspace: prd }\n",
        ),
        configured(
            "configuration::unreachable-binding",
            "bindings:\n  - policy: etl-jobs\n    when: { path: \"teams/**\" }\n  - policy: gpu-training\n    when: { path: \"teams/ml/**\", target: prod }\n",
        ),
        configured(
            "configuration::missing-file",
            "waivers: [tollgate.yaml, waivers.yml]\nusage: hours/usage.yaml\n",
        ),
        files(
            "configuration::none",
            "policy bindings r.json",
            &[("r.json", REQUEST)],
        ),
        configured(
            "policy::unbound",
            "bindings:\n  - policy: etl-jobs\n    when: { path: \"teams/**\" }\n",
        ),
        (
            "policy::binding-unknown",
            Trigger::Told(crate::admission::nobody_knows().to_string()),
        ),
        waivers(
            "waiver::schema",
            "  - waiver: a b\n    reason: ''\n    aproved_by: ana@example.com\n    expires: soon\n    scope: { policy: etl-jobs }\n",
        ),
        waivers("waiver::date", &waiver.replace("12-31", "02-30")),
        waivers(
            "waiver::scope",
            &waiver.replace("policy: etl-jobs, rule: size", ""),
        ),
        waivers("waiver::duplicate", &format!("{waiver}{waiver}")),
        waivers("waiver::unknown-policy", &waiver.replace("etl-jobs", "etl-job")),
        waivers("waiver::unknown-rule", &waiver.replace("size", "sise")),
        files(
            "waiver::long",
            "waiver list waivers.yaml --at 2026-10-01",
            &[(
                "waivers.yaml",
                &format!("waivers:\n{}", waiver.replace("2026-12-31", "2030-12-31")),
            )],
        ),
        files("waiver::none", "waiver list", &[]),
    ]
}
