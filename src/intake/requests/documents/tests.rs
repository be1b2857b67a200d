use super::*;
use crate::model::diagnostic::Diagnostics;

struct NoFiles;

impl Files for NoFiles {
    fn matching(&self, _: &str, _: &str) -> Result<Vec<String>, Diagnostics> {
        Ok(Vec::new())
    }

    fn text(&self, path: &str) -> Result<String, Diagnostics> {
        Err(Diagnostic::error("file::unreadable", path, "none").into())
    }
}

fn reading(text: &str) -> Reading {
    read("x.json", text, &NoFiles, &ReadOptions::default())
}

fn codes(text: &str) -> Vec<(&'static str, usize, String)> {
    let told = reading(text).problems.0.into_iter();
    told.map(|d| (d.code, d.line, d.path)).collect()
}

#[test]
fn one_many_wrapped_and_line_by_line_are_all_read() {
    let one = r#"{"node_type_id": "a", "num_workers": 1}"#;
    let addresses = |text: &str| -> Vec<(Option<String>, usize)> {
        let requests = reading(text).requests.into_iter();
        requests.map(|r| (r.address, r.line)).collect()
    };
    let at = |address: &str, line: usize| (Some(address.to_owned()), line);
    assert_eq!(addresses(one), [(None, 1)]);
    assert_eq!(addresses(&format!("[{one},\n\n{one}]")), [at("0", 1), at("1", 3)]);
    assert_eq!(
        addresses(&format!("{{\"clusters\": [\n{one}]}}")),
        [at("clusters.0", 2)]
    );
    assert_eq!(
        addresses(&format!("{one}\n\n{one}\n")),
        [at("line 1", 1), at("line 3", 3)]
    );
    let job = format!(r#"{{"name": "j", "tasks": [{{"task_key": "t", "new_cluster": {one}}}]}}"#);
    assert_eq!(
        addresses(&format!(
            "{one}\n{job}\n{{\"clusters\": [{one}], \"catalog\": \"main\"}}"
        )),
        [
            at("line 1", 1),
            at("line 2.tasks.t", 2),
            at("line 3.clusters.0", 3)
        ]
    );
}

#[test]
fn bad_input_is_named_by_place_and_does_not_hide_the_good() {
    let code = |text: &str| codes(text).into_iter().map(|c| (c.0, c.1)).collect::<Vec<_>>();
    assert_eq!(code(""), [("request::empty", 0)]);
    assert_eq!(code("{\"node_type_id\": \"a\",\n"), [("request::syntax", 2)]);
    assert_eq!(code("{\"a\": 1}"), [("request::not-a-cluster", 1)]);
    assert_eq!(
        code("{\"a\": 1, \"version\": 4, \"serial\": 1, \"lineage\": \"\"}"),
        [("request::state-not-plan", 1)]
    );
    assert_eq!(
        code("{\"num_workers\": 1,\n\"num_workers\": 2}"),
        [("request::duplicate-key", 2)]
    );
    assert_eq!(
        codes("{\"node_type_id\": \"a\",\n \"num_workers\": \"x\"}"),
        [("request::wrong-type", 2, "num_workers".to_owned())]
    );
    let job = "{\"name\": \"j\", \"job_clusters\": [{\"job_cluster_key\": \"k\",\n\"new_cluster\": {\n\"num_workers\": \"x\"}}]}";
    assert_eq!(
        codes(job),
        [("request::wrong-type", 3, "job_clusters.k.num_workers".to_owned())]
    );
    let mixed = "{\"node_type_id\": \"a\"}\n{broken\n{\"node_type_id\": 7}\n";
    assert_eq!(reading(mixed).requests.len(), 1);
    assert_eq!(codes(mixed).iter().map(|c| c.1).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(codes(&"[".repeat(100_000))[0].0, "request::syntax");
    let deep = format!(
        "{{\"num_workers\": {}1{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert_eq!(codes(&deep)[0].0, "request::syntax");
}

#[test]
fn a_list_has_each_key_once_and_no_lists_inside() {
    let code = |text: &str| codes(text).into_iter().map(|c| (c.0, c.2)).collect::<Vec<_>>();
    let one = r#"{"node_type_id": "a", "num_workers": 1}"#;
    assert_eq!(
        code(&format!("{{\"clusters\": [{one}], \"clusters\": [{one}]}}")),
        [("request::duplicate-key", String::new())]
    );
    let deep = format!("{}{}", "{\"clusters\":[".repeat(10_000), "]}".repeat(10_000));
    assert_eq!(code(&deep), [("request::not-a-cluster", "clusters.0".to_owned())]);
    let paged = format!("[{{\"clusters\": [{one}]}}, {{\"clusters\": [{one}], \"has_more\": false}}]");
    assert_eq!((code(&paged), reading(&paged).requests.len()), (vec![], 2));
}

#[test]
fn a_body_is_one_thing_and_the_thing_that_was_asked_for() {
    let of = |text: &str, kind: Option<DocumentKind>| {
        let options = ReadOptions {
            kind,
            ..ReadOptions::default()
        };
        let found = read("x.json", text, &NoFiles, &options);
        (
            found.requests.len(),
            found.problems.0.into_iter().map(|d| d.code).collect::<Vec<_>>(),
        )
    };
    let both = r#"{"tasks": [], "num_workers": 900, "node_type_id": "a"}"#;
    assert_eq!(of(both, None), (0, vec!["request::ambiguous"]));
    assert_eq!(of(both, Some(DocumentKind::Job)), (0, vec!["request::ambiguous"]));
    assert_eq!(of(both, Some(DocumentKind::Cluster)), (1, vec![]));
    let cluster = r#"{"num_workers": 900, "spark_version": "a"}"#;
    for kind in ["job", "pipeline", "instance-pool", "bundle"] {
        assert_eq!(
            of(cluster, kind.parse().ok()),
            (0, vec!["request::not-as-asked"]),
            "{kind}"
        );
    }
}

#[test]
fn a_bundle_is_recognised_without_the_name_of_its_file() {
    let cluster = "{num_workers: 1, node_type_id: a, spark_version: b}";
    let bundle = format!("# all\nbundle: {{name: b}}\nresources:\n  clusters:\n    c: {cluster}\n");
    let found = read("-", &bundle, &NoFiles, &ReadOptions::default());
    assert_eq!(found.requests[0].address.as_deref(), Some("resources.clusters.c"));
    let other = read(
        "-",
        "Terraform will perform:\n",
        &NoFiles,
        &ReadOptions::default(),
    );
    assert_eq!(other.problems.0[0].code, "request::syntax");
    assert!(
        other.problems.0[0]
            .hint
            .as_deref()
            .unwrap()
            .contains("databricks.yml")
    );
}

#[test]
fn what_is_linked_is_of_the_same_document() {
    let text = r#"[{"instance_pool_name": "p", "instance_pool_id": "0101-p", "node_type_id": "Standard_DS3_v2"},
        {"num_workers": 1, "instance_pool_id": "0101-p"}]"#;
    let found = reading(text);
    assert_eq!(found.requests[0].around.pools[1].instance_pool_id, "0101-p");
    assert_eq!(found.resources.len(), 1);
}
