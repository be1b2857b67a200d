//! The table of decisions, row by row, with values worked out by hand.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Answer, judge};

/// A question whose answer is known.
struct Case {
    settings: Value,
    review: Value,
}

/// A definition and a request, under the default dialect, with facts that nothing depends on.
fn ask(definition: Value, cluster: Value) -> Case {
    Case {
        settings: json!({"definition": definition}),
        review: json!({
            "action": "create", "at": "2026-10-01T00:00:00Z", "principal": "ana@example.com",
            "workload": "all-purpose", "cloud": "AWS",
            "cluster": cluster,
            "facts": {
                "estimate": {"max": {"dbu_per_hour": "12.5"}},
                "nodes": {"driver": {"node_type_id": "i3.xlarge", "gpus": 0, "from_pool": false}, "worker": null},
                "runtime_aliases": {
                    "auto:latest-lts": ["17.3.x-scala2.13", "17.3.x-photon-scala2.13"],
                    "auto:latest-lts-ml": ["17.3.x-cpu-ml-scala2.13", "17.3.x-gpu-ml-scala2.13"],
                },
                "clusters": null,
            },
        }),
    }
}

impl Case {
    fn dialect(mut self, name: &str, value: impl Into<Value>) -> Case {
        self.settings["dialect"][name] = value.into();
        self
    }

    fn setting(mut self, name: &str, value: impl Into<Value>) -> Case {
        self.settings[name] = value.into();
        self
    }

    fn review(mut self, pointer: &str, value: Value) -> Case {
        let (above, name) = pointer.rsplit_once('/').unwrap();
        self.review.pointer_mut(above).unwrap()[name] = value;
        self
    }

    fn defaults_asked(self) -> Case {
        self.review("/cluster/apply_policy_default_values", json!(true))
    }

    fn answer(&self) -> Answer {
        judge(&self.settings, &self.review).unwrap()
    }

    /// Nothing is filled in, nothing is wrong, nothing is open.
    fn passes(self) {
        self.is([], [], []);
    }

    /// Exactly these paths are violated; nothing is filled in.
    fn violates<const N: usize>(self, paths: [&str; N]) {
        self.is([], paths, []);
    }

    /// Exactly these values are filled in, and then all is well.
    fn supplies<const N: usize>(self, supplied: [(&str, Value, bool); N]) {
        self.is(supplied, [], []);
    }

    /// Exactly these paths are open; nothing is filled in.
    fn leaves_open<const N: usize>(self, paths: [&str; N]) {
        self.is([], [], paths);
    }

    fn is<const S: usize, const V: usize, const U: usize>(
        self,
        supplied: [(&str, Value, bool); S],
        violated: [&str; V],
        undetermined: [&str; U],
    ) {
        let answer = self.answer();
        let asked = format!("{:#}\n{:#}\n{answer:#?}", self.settings, self.review);
        let supplied: Vec<(String, Value, bool)> = supplied
            .into_iter()
            .map(|(path, value, fixed)| (path.to_owned(), value, fixed))
            .collect();
        let set =
            |paths: &[&str]| -> BTreeSet<String> { paths.iter().map(|&path| path.to_owned()).collect() };
        assert_eq!(answer.supplied, supplied, "{asked}");
        assert_eq!(answer.violated, set(&violated), "{asked}");
        assert_eq!(answer.undetermined, set(&undetermined), "{asked}");
    }

    /// The texts of one path.
    fn says(self, path: &str, texts: &[&str]) {
        assert_eq!(self.answer().messages.get(path).unwrap(), texts);
    }

    /// The definition cannot be loaded.
    fn cannot_be_loaded(self) {
        assert!(
            judge(&self.settings, &self.review).is_err(),
            "{:#}",
            self.settings
        );
    }
}

const FIXED: bool = true;
const DEFAULT: bool = false;

#[test]
fn an_omitted_fixed_attribute_is_filled_in() {
    let question = || {
        ask(
            json!({"custom_tags.team": {"type": "fixed", "value": "a"}}),
            json!({}),
        )
    };
    question().supplies([("custom_tags.team", json!("a"), FIXED)]);
    question()
        .defaults_asked()
        .supplies([("custom_tags.team", json!("a"), FIXED)]);
    question()
        .dialect("missing_fixed", "deny")
        .violates(["custom_tags.team"]);
    question().dialect("missing_fixed", "deny").says(
        "custom_tags.team",
        &["Validation failed for custom_tags, team must be present"],
    );
}

#[test]
fn a_tag_joins_the_tags_of_the_request() {
    let (supplied, cluster) = {
        let case = ask(
            json!({"custom_tags.team": {"type": "fixed", "value": "a"}}),
            json!({"custom_tags": {"other": "b"}}),
        );
        let question = super::question::Question {
            settings: &case.settings,
            elements: super::definition::load(&case.settings).unwrap(),
            review: &case.review,
        };
        super::supply::supply(&question)
    };
    assert_eq!(supplied.len(), 1);
    assert_eq!(cluster, json!({"custom_tags": {"other": "b", "team": "a"}}));
}

#[test]
fn a_contradiction_of_fixed_is_a_violation() {
    let question = || {
        ask(
            json!({"node_type_id": {"type": "fixed", "value": "a"}}),
            json!({"node_type_id": "b"}),
        )
    };
    question().violates(["node_type_id"]);
    question().says(
        "node_type_id",
        &["Validation failed for node_type_id, the value must be a (is \"b\")"],
    );
}

#[test]
fn an_omitted_limited_attribute_must_be_present() {
    for element in [
        json!({"type": "allowlist", "values": ["a"]}),
        json!({"type": "blocklist", "values": ["a"]}),
        json!({"type": "regex", "pattern": ".*"}),
        json!({"type": "range", "maxValue": 3}),
        json!({"type": "unlimited"}),
    ] {
        let question = || ask(json!({"cluster_name": element}), json!({}));
        question().violates(["cluster_name"]);
        question().says(
            "cluster_name",
            &["Validation failed for cluster_name, the value must be present"],
        );
        let mut optional = element.clone();
        optional["isOptional"] = json!(true);
        ask(json!({"cluster_name": optional}), json!({})).passes();
        optional["isOptional"] = json!("true");
        ask(json!({"cluster_name": optional}), json!({})).passes();
    }
    ask(json!({"cluster_name": {"type": "forbidden"}}), json!({})).passes();
}

#[test]
fn a_default_nobody_asked_for_does_not_help() {
    let question = || {
        ask(
            json!({"custom_tags.team": {"type": "unlimited", "defaultValue": "a"}}),
            json!({}),
        )
    };
    question().violates(["custom_tags.team"]);
    question().dialect("missing_with_default", "allow").passes();
    question()
        .defaults_asked()
        .supplies([("custom_tags.team", json!("a"), DEFAULT)]);
    // The default is judged like a value of the request.
    let blocked = json!({"type": "blocklist", "values": ["a"], "defaultValue": "a"});
    ask(json!({"custom_tags.team": blocked}), json!({}))
        .defaults_asked()
        .is(
            [("custom_tags.team", json!("a"), DEFAULT)],
            ["custom_tags.team"],
            [],
        );
}

#[test]
fn an_optional_default_is_filled_in_when_asked_for() {
    let element = json!({"type": "unlimited", "defaultValue": "a", "isOptional": true});
    let question = || ask(json!({"cluster_name": element}), json!({}));
    question().passes();
    question()
        .defaults_asked()
        .supplies([("cluster_name", json!("a"), DEFAULT)]);
    question()
        .defaults_asked()
        .dialect("optional_defaults", "leave")
        .passes();
}

#[test]
fn a_missing_number_is_not_zero() {
    let question = |min: u32| {
        ask(
            json!({"autotermination_minutes": {"type": "range", "minValue": min, "maxValue": 120}}),
            json!({}),
        )
    };
    question(0).violates(["autotermination_minutes"]);
    question(0).dialect("missing_number", "zero").passes();
    question(10).dialect("missing_number", "zero").says(
        "autotermination_minutes",
        &["Validation failed for autotermination_minutes, the value cannot be less than 10"],
    );
}

#[test]
fn null_is_absent_and_an_empty_string_is_not() {
    let definition = json!({"cluster_name": {"type": "unlimited"}});
    ask(definition.clone(), json!({"cluster_name": null})).violates(["cluster_name"]);
    ask(definition, json!({"cluster_name": ""})).passes();
    ask(
        json!({"cluster_name": {"type": "fixed", "value": "a"}}),
        json!({"cluster_name": null}),
    )
    .supplies([("cluster_name", json!("a"), FIXED)]);
    ask(
        json!({"cluster_name": {"type": "forbidden"}}),
        json!({"cluster_name": ""}),
    )
    .violates(["cluster_name"]);
}

#[test]
fn numbers_are_decimals() {
    let price = |policy: Value, request: Value| {
        ask(
            json!({"azure_attributes.spot_bid_max_price": {"type": "fixed", "value": policy}}),
            json!({"azure_attributes": {"spot_bid_max_price": request}}),
        )
    };
    price(json!(-1), json!(-1.0)).passes();
    price(json!("-1"), json!(-1)).passes();
    price(json!(30), json!("30.0")).passes();
    price(json!(30), json!(" 30")).violates(["azure_attributes.spot_bid_max_price"]);
    price(json!(30), json!(30.5)).violates(["azure_attributes.spot_bid_max_price"]);
    // A cluster's name is no number.
    ask(
        json!({"cluster_name": {"type": "allowlist", "values": ["30"]}}),
        json!({"cluster_name": "30.0"}),
    )
    .violates(["cluster_name"]);
    ask(
        json!({"num_workers": {"type": "blocklist", "values": [4]}}),
        json!({"num_workers": "4.0"}),
    )
    .violates(["num_workers"]);
    ask(json!({"num_workers": {"type": "fixed", "value": "4"}}), json!({})).supplies([(
        "num_workers",
        json!(4),
        FIXED,
    )]);
}

#[test]
fn true_is_the_text_true() {
    for (path, cluster) in [
        ("enable_elastic_disk", json!({"enable_elastic_disk": "true"})),
        ("enable_elastic_disk", json!({"enable_elastic_disk": true})),
        ("cluster_name", json!({"cluster_name": true})),
        ("cluster_name", json!({"cluster_name": "true"})),
    ] {
        for value in [json!(true), json!("true")] {
            ask(json!({path: {"type": "fixed", "value": value}}), cluster.clone()).passes();
        }
        ask(json!({path: {"type": "fixed", "value": false}}), cluster).violates([path]);
    }
    ask(
        json!({"enable_elastic_disk": {"type": "fixed", "value": "false"}}),
        json!({}),
    )
    .supplies([("enable_elastic_disk", json!(false), FIXED)]);
}

#[test]
fn maps_hold_text() {
    let definition = json!({"spark_conf.spark.speculation": {"type": "fixed", "value": true},
        "spark_env_vars.LEVEL": {"type": "fixed", "value": 1}});
    ask(definition.clone(), json!({})).supplies([
        ("spark_conf.spark.speculation", json!("true"), FIXED),
        ("spark_env_vars.LEVEL", json!("1"), FIXED),
    ]);
    ask(
        definition.clone(),
        json!({"spark_conf": {"spark.speculation": true}, "spark_env_vars": {"LEVEL": "1"}}),
    )
    .passes();
    // Text, not numbers.
    ask(
        definition,
        json!({"spark_conf": {"spark.speculation": "true"}, "spark_env_vars": {"LEVEL": "1.0"}}),
    )
    .violates(["spark_env_vars.LEVEL"]);
}

#[test]
fn other_text_is_exact() {
    let named = |name: &str| {
        ask(
            json!({"cluster_name": {"type": "allowlist", "values": ["etl", "web"]}}),
            json!({"cluster_name": name}),
        )
    };
    named("etl").passes();
    named("Etl").violates(["cluster_name"]);
    named(" etl").says(
        "cluster_name",
        &["Validation failed for cluster_name, the value needs to be one of (etl, web) (is \" etl\")"],
    );
    // A blank escapes a blocklist.
    ask(
        json!({"cluster_name": {"type": "blocklist", "values": ["etl"]}}),
        json!({"cluster_name": " etl"}),
    )
    .passes();
}

#[test]
fn access_modes_have_two_names() {
    let mode = |policy: &str, request: &str| {
        ask(
            json!({"data_security_mode": {"type": "allowlist", "values": [policy]}}),
            json!({"data_security_mode": request}),
        )
    };
    mode("SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED").passes();
    mode("DATA_SECURITY_MODE_DEDICATED", "SINGLE_USER").passes();
    mode("USER_ISOLATION", "DATA_SECURITY_MODE_STANDARD").passes();
    mode("USER_ISOLATION", "DATA_SECURITY_MODE_DEDICATED").violates(["data_security_mode"]);
    mode("SINGLE_USER", "DATA_SECURITY_MODE_DEDICATED")
        .dialect("enum_aliases", false)
        .violates(["data_security_mode"]);
}

#[test]
fn bounds_are_inclusive_and_for_numbers() {
    let workers = |request: Value| {
        ask(
            json!({"num_workers": {"type": "range", "minValue": 1, "maxValue": "10"}}),
            json!({"num_workers": request}),
        )
    };
    workers(json!(1)).passes();
    workers(json!(10)).passes();
    workers(json!("10.0")).passes();
    workers(json!(0)).violates(["num_workers"]);
    workers(json!(11)).says(
        "num_workers",
        &["Validation failed for num_workers, the value cannot be greater than 10"],
    );
    workers(json!("many")).says(
        "num_workers",
        &["Validation failed for num_workers, the value must be a number (is \"many\")"],
    );
    workers(json!(true)).violates(["num_workers"]);
    ask(
        json!({"num_workers": {"type": "range"}}),
        json!({"num_workers": 1}),
    )
    .passes();
}

#[test]
fn a_regex_matches_the_whole() {
    let typed = |pattern: &str, request: Value| {
        ask(
            json!({"node_type_id": {"type": "regex", "pattern": pattern}}),
            json!({"node_type_id": request}),
        )
    };
    typed("A|B", json!("A")).passes();
    typed("A|B", json!("AB")).violates(["node_type_id"]);
    typed("^A", json!("A")).passes();
    typed("A", json!("A\n")).violates(["node_type_id"]);
    typed("A", json!("xA")).says(
        "node_type_id",
        &["Validation failed for node_type_id, the value must match the regex A (is \"xA\")"],
    );
    for refused in ["(", "(?=A)", "(A)\\1", "A)|(B"] {
        typed(refused, json!("A")).cannot_be_loaded();
    }
}

#[test]
fn a_runtime_is_judged_with_and_without_photon() {
    let plain = "15.4.x-scala2.12";
    let photon = "15.4.x-photon-scala2.12";
    let version = |element: Value, request: &str| {
        ask(
            json!({"spark_version": element}),
            json!({"spark_version": request}),
        )
    };
    let with = |kind: &str, value: &str| json!({"type": kind, "values": [value], "value": value});
    version(with("fixed", plain), photon).passes();
    version(with("fixed", photon), photon).passes();
    version(with("fixed", photon), plain).violates(["spark_version"]);
    version(with("allowlist", plain), photon).passes();
    version(with("blocklist", plain), photon).violates(["spark_version"]);
    version(with("blocklist", photon), plain).passes();
    version(json!({"type": "regex", "pattern": r"15\.4\.x-scala.*"}), photon).passes();
    version(with("allowlist", plain), "dlt:11.3").says(
        "spark_version",
        &[
            "Validation failed for spark_version, needs to be one of (15.4.x-scala2.12) \
           (is an element in \"List(dlt:11.3, dlt:11.3)\")",
        ],
    );
    version(with("fixed", "16.4.x-scala2.12"), photon).says(
        "spark_version",
        &["Validation failed for spark_version, must be 16.4.x-scala2.12 \
           (is an element in \"List(15.4.x-photon-scala2.12, 15.4.x-scala2.12)\")"],
    );
}

#[test]
fn an_alias_stands_for_the_keys_of_its_version() {
    let version = |kind: &str, value: &str, request: Value| {
        ask(
            json!({"spark_version": {"type": kind, "values": [value], "value": value}}),
            json!({"spark_version": request}),
        )
    };
    let lts = "auto:latest-lts";
    version("fixed", lts, json!("17.3.x-photon-scala2.13")).passes();
    version("allowlist", lts, json!("17.3.x-scala2.13")).passes();
    version("allowlist", lts, json!("15.4.x-scala2.12")).violates(["spark_version"]);
    version("blocklist", lts, json!("17.3.x-scala2.13")).violates(["spark_version"]);
    version("fixed", lts, Value::Null).supplies([("spark_version", json!("17.3.x-scala2.13"), FIXED)]);
    let ml = "auto:latest-lts-ml";
    version("fixed", ml, Value::Null).supplies([("spark_version", json!("17.3.x-cpu-ml-scala2.13"), FIXED)]);
    let gpu = json!({"node_type_id": "g5.xlarge", "gpus": 1, "from_pool": false});
    version("fixed", ml, Value::Null)
        .review("/facts/nodes/worker", gpu)
        .supplies([("spark_version", json!("17.3.x-gpu-ml-scala2.13"), FIXED)]);
    // Elsewhere it is text like any other.
    ask(
        json!({"cluster_name": {"type": "fixed", "value": lts}}),
        json!({}),
    )
    .supplies([("cluster_name", json!(lts), FIXED)]);
}

#[test]
fn an_unknown_alias_leaves_open_what_depends_on_it() {
    let prev = "auto:prev-lts";
    let version = |element: Value, request: Value| {
        ask(
            json!({"spark_version": element}),
            json!({"spark_version": request}),
        )
    };
    let concrete = json!("15.4.x-scala2.12");
    version(json!({"type": "fixed", "value": prev}), Value::Null).leaves_open(["spark_version"]);
    version(json!({"type": "fixed", "value": prev}), concrete.clone()).leaves_open(["spark_version"]);
    let default = json!({"type": "unlimited", "defaultValue": prev});
    version(default.clone(), Value::Null)
        .defaults_asked()
        .leaves_open(["spark_version"]);
    version(default, Value::Null).violates(["spark_version"]);
    let list = |kind: &str| json!({"type": kind, "values": [prev, concrete]});
    version(list("allowlist"), concrete.clone()).passes();
    version(list("allowlist"), json!("16.4.x-scala2.12")).leaves_open(["spark_version"]);
    version(list("blocklist"), concrete.clone()).violates(["spark_version"]);
    version(list("blocklist"), json!("16.4.x-scala2.12")).leaves_open(["spark_version"]);
    version(list("allowlist"), Value::Null).violates(["spark_version"]);
}

#[test]
fn an_alias_in_a_request_is_refused() {
    ask(json!({}), json!({"spark_version": "auto:latest-lts"}))
        .says("spark_version", &["Invalid spark version auto:latest-lts."]);
    ask(json!({}), json!({"spark_version": ""})).says("spark_version", &["Invalid spark version ."]);
    ask(json!({}), json!({"spark_version": ""}))
        .dialect("structure", "ignore")
        .violates(["spark_version"]);
    ask(json!({}), json!({})).passes();
}

#[test]
fn cluster_type_is_the_workload() {
    let question = || {
        ask(
            json!({"cluster_type": {"type": "fixed", "value": "job"}}),
            json!({}),
        )
    };
    question().says(
        "cluster_type",
        &["Validation failed for cluster_type, the value must be job (is \"all-purpose\")"],
    );
    question().violates(["cluster_type"]);
    question().review("/workload", json!("job")).passes();
    // Never filled in, and a member of that name means nothing.
    ask(
        json!({"cluster_type": {"type": "unlimited", "defaultValue": "job"}}),
        json!({}),
    )
    .defaults_asked()
    .passes();
    ask(
        json!({"cluster_type": {"type": "fixed", "value": "job"}}),
        json!({"cluster_type": "job"}),
    )
    .violates(["cluster_type"]);
}

#[test]
fn cluster_source_is_the_workload_by_its_old_names() {
    let source = |workload: &str| {
        ask(
            json!({"cluster_source": {"type": "allowlist", "values": ["Job", "UI"]}}),
            json!({}),
        )
        .review("/workload", json!(workload))
    };
    source("all-purpose").passes();
    source("job").passes();
    source("dlt").violates(["cluster_source"]);
}

#[test]
fn dbus_per_hour_is_the_estimate() {
    let question = |most: Value| {
        ask(
            json!({"dbus_per_hour": {"type": "range", "maxValue": most}}),
            json!({"num_workers": 2}),
        )
    };
    question(json!(12.5)).passes();
    question(json!(12.4)).violates(["dbus_per_hour"]);
    question(json!(50))
        .review("/facts/estimate/max/dbu_per_hour", Value::Null)
        .leaves_open(["dbus_per_hour"]);
    ask(
        json!({"dbus_per_hour": {"type": "fixed", "value": 12.50}}),
        json!({"num_workers": 2}),
    )
    .passes();
    ask(
        json!({"dbus_per_hour": {"type": "range", "maxValue": 50}}),
        json!({}),
    )
    .leaves_open(["dbus_per_hour"]);
}

#[test]
fn logs_are_judged_by_type_path_and_region() {
    let definition = json!({"cluster_log_conf.type": {"type": "fixed", "value": "S3"},
        "cluster_log_conf.path": {"type": "regex", "pattern": "s3://logs/.*"},
        "cluster_log_conf.region": {"type": "allowlist", "values": ["us-west-2"], "isOptional": true}});
    let logs = |conf: Value| ask(definition.clone(), json!({"cluster_log_conf": conf}));
    logs(json!({"s3": {"destination": "s3://logs/a", "region": "us-west-2"}})).passes();
    logs(json!({"s3": {"destination": "s3://other", "region": "eu-west-1"}}))
        .violates(["cluster_log_conf.path", "cluster_log_conf.region"]);
    logs(json!({"dbfs": {"destination": "s3://logs/a"}})).violates(["cluster_log_conf.type"]);
    // A path is missing, so that nothing can be filled in.
    logs(Value::Null).violates(["cluster_log_conf.type", "cluster_log_conf.path"]);
    logs(Value::Null).says(
        "cluster_log_conf.type",
        &["Validation failed for cluster_log_conf.type, the value must be S3 (is \"NONE\")"],
    );
    let none = json!({"cluster_log_conf.type": {"type": "allowlist", "values": ["NONE", "DBFS"]}});
    ask(none, json!({})).passes();
}

#[test]
fn logs_may_be_left_out_where_a_rule_says_so() {
    let type_is = |element: Value| ask(json!({"cluster_log_conf.type": element}), json!({}));
    type_is(json!({"type": "forbidden"})).passes();
    type_is(json!({"type": "allowlist", "values": ["S3"], "isOptional": true})).passes();
    type_is(json!({"type": "allowlist", "values": ["S3"]})).violates(["cluster_log_conf.type"]);
}

#[test]
fn logs_are_filled_in_when_type_and_path_are_at_hand() {
    let definition = |type_name: &str| {
        json!({"cluster_log_conf.region": {"type": "fixed", "value": "us-west-2"},
            "cluster_log_conf.type": {"type": "fixed", "value": type_name},
            "cluster_log_conf.path": {"type": "unlimited", "defaultValue": "x:/logs"}})
    };
    ask(definition("S3"), json!({})).defaults_asked().supplies([
        ("cluster_log_conf.s3.region", json!("us-west-2"), FIXED),
        ("cluster_log_conf.s3.destination", json!("x:/logs"), DEFAULT),
    ]);
    ask(definition("DBFS"), json!({})).defaults_asked().is(
        [("cluster_log_conf.dbfs.destination", json!("x:/logs"), DEFAULT)],
        ["cluster_log_conf.region"],
        [],
    );
    // Nobody asked for the default of the path.
    ask(definition("S3"), json!({})).violates([
        "cluster_log_conf.type",
        "cluster_log_conf.path",
        "cluster_log_conf.region",
    ]);
    ask(definition("NONE"), json!({}))
        .defaults_asked()
        .violates(["cluster_log_conf.path", "cluster_log_conf.region"]);
    ask(
        definition("S3"),
        json!({"cluster_log_conf": {"s3": {"destination": "y"}}}),
    )
    .defaults_asked()
    .violates(["cluster_log_conf.region"]);
}

#[test]
fn an_element_for_one_index_wins_over_that_for_all() {
    let definition = json!({"init_scripts.0.dbfs.destination": {"type": "fixed", "value": "a"},
        "init_scripts.*.dbfs.destination": {"type": "forbidden"}});
    let scripts = |scripts: Value| ask(definition.clone(), json!({"init_scripts": scripts}));
    scripts(json!([{"dbfs": {"destination": "a"}}])).passes();
    scripts(json!([{"dbfs": {"destination": "b"}}])).violates(["init_scripts.0.dbfs.destination"]);
    scripts(json!([{"dbfs": {"destination": "a"}}, {"dbfs": {"destination": "a"}}]))
        .violates(["init_scripts.1.dbfs.destination"]);
    scripts(json!([{"dbfs": {"destination": "a"}}, {"file": {"destination": "a"}}])).passes();
}

#[test]
fn an_element_for_all_entries_forces_none() {
    let definition = json!({"init_scripts.*.dbfs.destination": {"type": "fixed", "value": "a"},
        "ssh_public_keys.*": {"type": "regex", "pattern": "ssh-.*", "defaultValue": "ssh-a"}});
    ask(definition.clone(), json!({})).defaults_asked().passes();
    ask(
        definition,
        json!({"init_scripts": [{"s3": {"destination": "b"}}, {"dbfs": {"destination": "b"}}],
            "ssh_public_keys": ["ssh-a", "rsa-b"]}),
    )
    .violates(["init_scripts.1.dbfs.destination", "ssh_public_keys.1"]);
}

#[test]
fn fixed_entries_are_appended_in_order_of_index() {
    let fixed = |value: &str| json!({"type": "fixed", "value": value});
    let definition = json!({"init_scripts.1.dbfs.destination": fixed("b"),
        "custom_tags.team": fixed("t"),
        "init_scripts.0.dbfs.destination": fixed("a")});
    let (a, b) = (
        "init_scripts.0.dbfs.destination",
        "init_scripts.1.dbfs.destination",
    );
    let tag = || ("custom_tags.team", json!("t"), FIXED);
    ask(definition.clone(), json!({})).supplies([(a, json!("a"), FIXED), (b, json!("b"), FIXED), tag()]);
    let one = json!({"init_scripts": [{"dbfs": {"destination": "a"}}]});
    ask(definition.clone(), one.clone()).supplies([(b, json!("b"), FIXED), tag()]);
    ask(definition.clone(), one)
        .dialect("missing_entries", "deny")
        .is([tag()], [b], []);
    // A gap is not filled.
    ask(json!({b: fixed("b")}), json!({})).violates([b]);
    ask(
        json!({"ssh_public_keys.0": fixed("k")}),
        json!({"ssh_public_keys": []}),
    )
    .supplies([("ssh_public_keys.0", json!("k"), FIXED)]);
}

#[test]
fn an_entry_of_another_kind_is_not_overwritten() {
    let path = "init_scripts.0.dbfs.destination";
    let question = || {
        ask(
            json!({path: {"type": "fixed", "value": "a"}}),
            json!({"init_scripts": [{"workspace": {"destination": "a"}}]}),
        )
    };
    question().violates([path]);
    question().says(
        path,
        &["Validation failed for init_scripts.0.dbfs.destination, the value must be present"],
    );
    // The same kind has room for its region.
    let region = "init_scripts.0.s3.region";
    ask(
        json!({region: {"type": "fixed", "value": "us-west-2"}}),
        json!({"init_scripts": [{"s3": {"destination": "a"}}]}),
    )
    .dialect("missing_entries", "deny")
    .supplies([(region, json!("us-west-2"), FIXED)]);
}

#[test]
fn unknown_attributes_are_judged_like_others() {
    let definition =
        json!({"brand_new": {"type": "fixed", "value": 1}, "aws_attributes.newer": {"type": "unlimited"}});
    ask(definition.clone(), json!({})).is([("brand_new", json!(1), FIXED)], ["aws_attributes.newer"], []);
    ask(definition.clone(), json!({}))
        .dialect("unknown_attributes", "ignore")
        .passes();
    ask(
        definition,
        json!({"brand_new": 2, "aws_attributes": {"newer": 1}}),
    )
    .violates(["brand_new"]);
}

#[test]
fn unknown_members_are_ignored() {
    let element = json!({"type": "unlimited", "value": "a", "default_value": "b", "hidden": "true"});
    ask(json!({"cluster_name": element}), json!({"cluster_name": "c"})).passes();
    let fixed =
        json!({"type": "fixed", "value": "a", "maxValue": {}, "defaultValue": [], "isOptional": true});
    ask(json!({"cluster_name": fixed}), json!({"cluster_name": "b"})).violates(["cluster_name"]);
}

#[test]
fn what_cannot_be_loaded_is_refused() {
    for definition in [
        json!(null),
        json!([{"foo": "bar"}]),
        json!("[]"),
        json!("{"),
        json!(3),
    ] {
        ask(definition, json!({})).cannot_be_loaded();
    }
    for element in [
        json!("bar"),
        json!({"value": "a"}),
        json!({"type": "Fixed", "value": "a"}),
        json!({"type": "fixed"}),
        json!({"type": "fixed", "value": null}),
        json!({"type": "fixed", "value": ["a"]}),
        json!({"type": "allowlist"}),
        json!({"type": "allowlist", "values": "a"}),
        json!({"type": "blocklist", "values": ["a", null]}),
        json!({"type": "regex", "value": "a"}),
        json!({"type": "regex", "pattern": 5}),
        json!({"type": "range", "minValue": "many"}),
        json!({"type": "range", "maxValue": true}),
        json!({"type": "unlimited", "defaultValue": {}}),
    ] {
        ask(json!({"cluster_name": element}), json!({})).cannot_be_loaded();
    }
    let text = r#"{"cluster_name": {"type": "fixed", "value": "a"}, "cluster_name": {"type": "whitelist", "values": ["b"]}}"#;
    ask(json!(text), json!({"cluster_name": "b"})).passes();
    ask(
        json!({"cluster_name": {"type": "blacklist", "values": ["b"]}}),
        json!({"cluster_name": "b"}),
    )
    .violates(["cluster_name"]);
}

#[test]
fn a_pool_brings_its_node_types() {
    let definition = json!({"node_type_id": {"type": "allowlist", "values": ["worker"]},
        "driver_node_type_id": {"type": "allowlist", "values": ["driver"]}});
    let pool = |driver: Value, worker: Value| {
        ask(definition.clone(), json!({"instance_pool_id": "p"})).review(
            "/facts/nodes",
            json!({"driver": {"node_type_id": driver}, "worker": worker}),
        )
    };
    pool(json!("driver"), json!({"node_type_id": "worker"})).passes();
    pool(json!("driver"), json!({"node_type_id": "driver"})).violates(["node_type_id"]);
    pool(json!("driver"), Value::Null).violates(["node_type_id"]);
    pool(Value::Null, json!({"node_type_id": null})).leaves_open(["node_type_id", "driver_node_type_id"]);
    // Without a pool nothing brings them along.
    ask(definition, json!({})).violates(["node_type_id", "driver_node_type_id"]);
}

#[test]
fn a_pool_decides_other_attributes_too() {
    let unlimited = json!({"type": "unlimited"});
    let optional = json!({"type": "unlimited", "isOptional": true});
    ask(
        json!({"enable_elastic_disk": unlimited, "aws_attributes.zone_id": unlimited,
            "azure_attributes.spot_bid_max_price": unlimited, "gcp_attributes.availability": optional,
            "aws_attributes.first_on_demand": unlimited}),
        json!({"instance_pool_id": "p"}),
    )
    .is(
        [],
        ["aws_attributes.first_on_demand"],
        [
            "enable_elastic_disk",
            "aws_attributes.zone_id",
            "azure_attributes.spot_bid_max_price",
        ],
    );
    ask(
        json!({"enable_elastic_disk": {"type": "fixed", "value": true}}),
        json!({"instance_pool_id": "p"}),
    )
    .supplies([("enable_elastic_disk", json!(true), FIXED)]);
}

#[test]
fn a_node_type_beside_a_pool_is_a_violation() {
    let types = json!({"node_type_id": "a", "driver_node_type_id": "a"});
    let with = |pools: &[&str]| {
        let mut cluster = types.clone();
        for pool in pools {
            cluster[pool] = json!("p");
        }
        ask(json!({}), cluster)
    };
    with(&[]).passes();
    with(&["instance_pool_id"]).violates(["node_type_id", "driver_node_type_id"]);
    with(&["driver_instance_pool_id"]).violates(["driver_node_type_id"]);
    with(&["instance_pool_id"]).says(
        "node_type_id",
        &["The field 'node_type_id' cannot be supplied when an instance pool ID is provided."],
    );
    with(&["instance_pool_id"])
        .dialect("structure", "ignore")
        .passes();
    // Also where the policy filled both in.
    ask(
        json!({"instance_pool_id": {"type": "fixed", "value": "p"}, "node_type_id": {"type": "fixed", "value": "a"}}),
        json!({}),
    )
    .is(
        [
            ("instance_pool_id", json!("p"), FIXED),
            ("node_type_id", json!("a"), FIXED),
        ],
        ["node_type_id"],
        [],
    );
}

#[test]
fn a_cluster_has_one_size() {
    let size = |cluster: Value| ask(json!({}), cluster);
    size(json!({})).passes();
    size(json!({"num_workers": 0, "autoscale": null})).passes();
    size(json!({"num_workers": 0, "autoscale": {"min_workers": 1}})).says(
        "num_workers",
        &["Exactly 1 of virtual_cluster_size, num_workers or autoscale must be specified."],
    );
    size(json!({"virtual_cluster_size": "S", "autoscale": {"min_workers": 1}}))
        .violates(["virtual_cluster_size"]);
    size(json!({"num_workers": 0, "autoscale": {}}))
        .dialect("structure", "ignore")
        .passes();
    ask(
        json!({"autoscale.max_workers": {"type": "fixed", "value": 2}}),
        json!({"num_workers": 1}),
    )
    .is([("autoscale.max_workers", json!(2), FIXED)], ["num_workers"], []);
}

#[test]
fn clusters_of_a_policy_are_counted() {
    let question = |cluster: Value| ask(json!({}), cluster).setting("max_clusters_per_user", 2);
    let running = |id: &str, count: u32| json!({"active_by_policy": {id: count}});
    question(json!({})).leaves_open(["policy_id"]);
    question(json!({"policy_id": "P"}))
        .review("/facts/clusters", running("P", 1))
        .passes();
    question(json!({"policy_id": "P"}))
        .review("/facts/clusters", running("P", 2))
        .violates(["policy_id"]);
    question(json!({"policy_id": "P"}))
        .review("/facts/clusters", running("Q", 2))
        .passes();
    question(json!({"policy_id": "P"}))
        .setting("policy_id", "Q")
        .review("/facts/clusters", running("Q", 2))
        .violates(["policy_id"]);
    question(json!({}))
        .review("/facts/clusters", running("", 2))
        .violates(["policy_id"]);
    let told = question(json!({})).review("/facts/clusters", running("", 2));
    assert_eq!(told.answer().messages.get("policy_id"), None);
}

#[test]
fn what_is_not_known_yet_is_left_open() {
    let definition = json!({"custom_tags.team": {"type": "fixed", "value": "a"},
        "custom_tags.teams": {"type": "fixed", "value": "b"},
        "init_scripts.*.dbfs.destination": {"type": "forbidden"},
        "autoscale.max_workers": {"type": "range", "maxValue": 3}});
    ask(definition, json!({}))
        .review(
            "/unknown",
            json!(["custom_tags.team", "init_scripts", "autoscale"]),
        )
        .is(
            [("custom_tags.teams", json!("b"), FIXED)],
            [],
            [
                "custom_tags.team",
                "init_scripts.*.dbfs.destination",
                "autoscale.max_workers",
            ],
        );
}

#[test]
fn a_way_through_a_scalar_leads_nowhere() {
    ask(
        json!({"custom_tags.team": {"type": "fixed", "value": "a"}}),
        json!({"custom_tags": "none"}),
    )
    .violates(["custom_tags.team"]);
}

/// Law: a completed cluster needs no completing.
#[test]
fn what_is_filled_in_is_there() {
    for (settings, reviews) in super::super::generate::pairs([3; 32], 200) {
        let Ok(elements) = super::definition::load(&settings) else {
            continue;
        };
        for review in &reviews {
            let mut question = super::question::Question {
                settings: &settings,
                elements: elements.clone(),
                review,
            };
            let (_, cluster) = super::supply::supply(&question);
            let mut completed = review.clone();
            completed["cluster"] = cluster.clone();
            question.review = &completed;
            let (again, same) = super::supply::supply(&question);
            assert_eq!(again, [], "{settings:#}\n{review:#}");
            assert_eq!(cluster, same);
        }
    }
}
