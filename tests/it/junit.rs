//! JUnit's XML of `tollgate check` is what CI systems take.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::bench::project;
use crate::check_outputs::{ALL, checked};

/// An element, as far as JUnit needs it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Element>,
    text: String,
}

/// Reads XML as we write it; anything else is a fault.
fn element(text: &str) -> (Element, &str) {
    let (tag, mut rest) = text.strip_prefix('<').unwrap().split_once('>').unwrap();
    let is_empty = tag.ends_with('/');
    let tag = tag.trim_end_matches('/');
    let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut found = Element {
        name: name.to_owned(),
        ..Element::default()
    };
    while let Some((key, value)) = attributes.split_once("=\"") {
        let (value, after) = value.split_once('"').unwrap();
        let earlier = found.attributes.insert(key.trim().to_owned(), unescaped(value));
        assert_eq!(earlier, None, "{key} twice in {tag}");
        attributes = after;
    }
    assert_eq!(attributes.trim(), "", "{tag}");
    if is_empty {
        return (found, rest);
    }
    loop {
        let (before, after) = rest.split_at(rest.find('<').unwrap());
        found.text.push_str(&unescaped(before));
        if let Some(end) = after.strip_prefix("</") {
            let end = end.strip_prefix(name).unwrap();
            return (found, end.strip_prefix('>').unwrap());
        }
        let (child, after) = element(after);
        found.children.push(child);
        rest = after;
    }
}

fn unescaped(text: &str) -> String {
    assert!(
        !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'),
        "{text:?}"
    );
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').unwrap();
        out.push_str(match entity {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "#10" => "\n",
            "#9" => "\t",
            other => panic!("{other}"),
        });
        out.push_str(rest);
    }
    out
}

/// What both common schemas ask for: that of Ant, which is the stricter one, and that of Jenkins.
#[test]
fn junit_is_made_as_its_readers_want_it() {
    let ended = checked(&ALL, "junit");
    let text = ended
        .stdout
        .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        .unwrap();
    let (root, rest) = element(text);
    assert_eq!(
        (root.name.as_str(), rest, root.attributes.len()),
        ("testsuites", "\n", 0)
    );
    let mut elements = BTreeMap::new();
    for (i, suite) in root.children.iter().enumerate() {
        let number = |key: &str| suite.attributes[key].parse::<usize>().unwrap();
        assert_eq!(number("id"), i);
        assert_eq!(suite.attributes["timestamp"], "2026-10-01T00:00:00");
        for key in ["name", "package", "hostname", "time"] {
            assert_ne!(suite.attributes[key], "");
        }
        let names: Vec<&str> = suite.children.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(
            (names.first(), names.last()),
            (Some(&"properties"), Some(&"system-err"))
        );
        let cases: Vec<&Element> = suite.children.iter().filter(|c| c.name == "testcase").collect();
        assert_eq!(names.len(), cases.len() + 3);
        let mut found = BTreeMap::from([("failure", 0), ("error", 0)]);
        for case in &cases {
            assert!(
                ["name", "classname", "time"]
                    .iter()
                    .all(|key| case.attributes.contains_key(*key))
            );
            assert!(case.children.len() <= 1);
            for child in &case.children {
                assert!(child.attributes.contains_key("type") && child.attributes.contains_key("message"));
                *found.get_mut(child.name.as_str()).unwrap() += 1;
            }
        }
        assert_eq!(number("tests"), cases.len());
        assert_eq!(
            (number("failures"), number("errors")),
            (found["failure"], found["error"])
        );
        for (name, n) in found {
            *elements.entry(name).or_insert(0) += n;
        }
    }
    // Two are denied; one is undetermined and one could not be read.
    assert_eq!(elements, BTreeMap::from([("error", 2), ("failure", 2)]));
    let holds = |found: &Element| {
        found.attributes["name"].contains("<i>@team</i> ]]>\\u{a}::error::x \\u{1b}[31m\\u{202e}")
    };
    let mut cases = root.children.iter().flat_map(|suite| &suite.children);
    assert!(cases.any(|case| case.name == "testcase" && holds(case)));
}

/// The schema of Jenkins' xUnit plugin (MIT), a copy of the one in pytest; read by `lxml` where Python has it.
#[test]
fn junit_is_valid() {
    let Some(python) = std::env::var_os("TOLLGATE_PYTHON") else {
        eprintln!("skipped: junit_is_valid needs TOLLGATE_PYTHON");
        return;
    };
    let script = "import sys\ntry:\n from lxml import etree\nexcept ImportError:\n print('no lxml')\n sys.exit()\n\
        s = etree.XMLSchema(etree.parse(sys.argv[1]))\nprint(s.validate(etree.parse(sys.argv[2])), s.error_log)";
    let folder = tempfile::tempdir().unwrap();
    for (i, files) in [&ALL[..], &["no-such.json"], &["pool.json"]].iter().enumerate() {
        let file = folder.path().join(format!("{i}.xml"));
        fs::write(&file, checked(files, "junit").stdout).unwrap();
        let output = Command::new(&python)
            .args(["-c", script])
            .arg(project("tests/fixtures/junit-10.xsd"))
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        match said.trim() {
            "no lxml" => eprintln!("skipped: junit_is_valid needs lxml in TOLLGATE_PYTHON"),
            said => assert_eq!(
                said,
                "True",
                "{files:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }
}
