//! Everything the linter can find: the one table that `--explain`, SARIF and docs/lint.md are made of.

use crate::model::diagnostic::Severity::{self, Error, Warning};
use crate::model::finding::Lint;

const DOCS: &str = "Databricks documentation, compute policy reference";
const SDK: &str = "databricks-sdk-go, service/compute/model.go (comments of the API specification)";
const MALFORMED: &str =
    "databricks/cli#6492: the API stores such a definition and refuses every cluster that uses it";
const HERE: &str = "tollgate";

const fn error(code: &'static str, title: &'static str, why: &'static str, source: &'static str) -> Lint {
    Lint {
        code,
        severity: Error,
        title,
        why,
        source,
        fix: None,
    }
}

const fn warning(code: &'static str, title: &'static str, why: &'static str, source: &'static str) -> Lint {
    Lint {
        severity: Warning,
        ..error(code, title, why, source)
    }
}

const fn fixed(lint: Lint, fix: &'static str) -> Lint {
    Lint {
        fix: Some(fix),
        ..lint
    }
}

/// The table, by theme.
pub const LINTS: &[Lint] = &[
    // What makes a definition unusable.
    error(
        "lint::not-a-definition",
        "a definition that is no object",
        "A definition is one JSON object that maps attribute paths to elements. Databricks stores a list or a scalar without complaint and gives the policy an id; every cluster that then uses it is refused because of the malformed definition.",
        MALFORMED,
    ),
    error(
        "lint::definition-syntax",
        "a definition that is no JSON",
        "The API takes the definition as a text that holds JSON. What is inside is not read when the policy is created, so a missing quote shows only when somebody creates a cluster.",
        MALFORMED,
    ),
    error(
        "lint::not-an-element",
        "an element that is no object",
        "What stands behind an attribute path is an element: an object with a `type`. A bare value is not taken as the fixed value; it makes the whole definition malformed.",
        MALFORMED,
    ),
    error(
        "lint::missing-type",
        "an element without a type",
        "Every element says by its `type` what it demands. Without one the definition is accepted, and launching a cluster fails.",
        "databricks/terraform-provider-databricks#591",
    ),
    error(
        "lint::unknown-type",
        "an element of a type that does not exist",
        "There are `fixed`, `forbidden`, `allowlist`, `blocklist`, `regex`, `range` and `unlimited` (and, since 2020, `whitelist` and `blacklist` as older names). Any other word makes the definition malformed.",
        DOCS,
    ),
    error(
        "lint::missing-member",
        "an element without what its type needs",
        "`fixed` needs `value`, `allowlist` and `blocklist` need `values`, `regex` needs `pattern`. An official sample once wrote `value` in a `regex` element.",
        DOCS,
    ),
    error(
        "lint::wrong-member-type",
        "a member of the wrong JSON type",
        "`values` is a list of scalars, bounds are numbers, `pattern` is text, `hidden` and `isOptional` are booleans. Anything else makes the element unreadable, or a switch that stays off.",
        DOCS,
    ),
    error(
        "lint::pattern-syntax",
        "a pattern that is no regular expression",
        "A pattern that does not compile admits nothing, and the message that users see names the policy, not the bracket.",
        DOCS,
    ),
    warning(
        "lint::pattern-beyond",
        "a pattern that only Java's engine understands",
        "Databricks matches with Java's engine, which has look-around, back-references, possessive repetition and more. tollgate matches in linear time and has none of them, so it cannot judge by this definition. Most look-arounds can be written as two elements or as a plain list.",
        HERE,
    ),
    error(
        "lint::duplicate-key",
        "a key written twice",
        "JSON readers keep the last of two members with one key and say nothing. A policy then lacks a rule that stands in its text.",
        "RFC 8259, section 4",
    ),
    error(
        "lint::empty-values",
        "an allowlist that allows nothing",
        "An allowlist without values admits no value, so no cluster passes unless it may leave the attribute out. It is mostly what a template left behind.",
        DOCS,
    ),
    // Members.
    fixed(
        warning(
            "lint::unknown-member",
            "a member that elements do not have",
            "Unknown members are ignored in silence: with `default_value` in the place of `defaultValue` nothing is ever filled in, with `is_optional` the attribute stays required.",
            DOCS,
        ),
        "renames it where only case and hyphens differ; the member takes effect from then on",
    ),
    warning(
        "lint::idle-member",
        "a member that does nothing for this type",
        "`value` in an `unlimited` element suggests nothing, `defaultValue` in a `fixed` one is never used, `maxValue` in a `fixed` one limits nothing. Who wrote it meant something.",
        DOCS,
    ),
    fixed(
        warning(
            "lint::flag-as-text",
            "a switch written as text",
            "`hidden` and `isOptional` are booleans. `\"true\"` is taken for true by some readers and for a fault by others.",
            DOCS,
        ),
        "removes the quotes",
    ),
    fixed(
        warning(
            "lint::legacy-type",
            "a type by its name of 2020",
            "`whitelist` and `blacklist` were renamed to `allowlist` and `blocklist`. The old names are no longer documented.",
            DOCS,
        ),
        "writes the present name",
    ),
    // Attributes.
    warning(
        "lint::unknown-attribute",
        "an attribute that the Clusters API does not have",
        "An element on a path that no request has either demands something nobody can give or does nothing at all, depending on its type. Nearly always it is a slip.",
        SDK,
    ),
    warning(
        "lint::legacy-attribute",
        "an attribute by its name of 2020",
        "Policies of the private preview wrote `cluster_source` and paths with a leading dot. Neither is documented now, and a limit on `.dbus_per_hour` limits nothing.",
        "published policies of 2020",
    ),
    warning(
        "lint::star-key",
        "a star in the place of a key",
        "In `init_scripts.*` the star stands for every entry. In `custom_tags`, `spark_conf` and `spark_env_vars` it is a key like any other: the documentation writes `custom_tags.*` to say that a name follows.",
        DOCS,
    ),
    warning(
        "lint::mixed-clouds",
        "elements of several clouds",
        "A workspace is in one cloud. An element of another one's attributes or node types, unless it is optional or forbidden, is filled into requests or demanded of them, and the API of this cloud refuses it.",
        SDK,
    ),
    warning(
        "lint::list-gap",
        "an entry of a list without the one before it",
        "Entries count from 0. When `init_scripts.1` is demanded and a request has no script of its own, there is no entry 0 for it to follow. An official sample has this gap.",
        DOCS,
    ),
    // Values.
    fixed(
        warning(
            "lint::value-as-text",
            "a number or a boolean written as text",
            "`\"10\"` and `10` are compared alike, but forms and exports show text, and Terraform reports a difference.",
            DOCS,
        ),
        "removes the quotes",
    ),
    error(
        "lint::impossible-value",
        "a value that the attribute cannot have",
        "The attribute is a number or a boolean, and the value is neither: no request can satisfy it.",
        SDK,
    ),
    error(
        "lint::default-breaks-rule",
        "a default that its own rule refuses",
        "The form starts with a value that it then marks as wrong, and every request that asks for defaults is refused. Happens when a list of node types is shortened and its default stays; the official sample of 2020 has it.",
        DOCS,
    ),
    error(
        "lint::range-order",
        "a lower bound above the upper one",
        "No number lies between the bounds, so no cluster passes.",
        DOCS,
    ),
    warning(
        "lint::range-open",
        "a range without bounds",
        "It only demands that there is a number.",
        DOCS,
    ),
    error(
        "lint::range-on-text",
        "a range on an attribute that is no number",
        "Bounds compare numbers. The values of this attribute are none, so no cluster passes.",
        SDK,
    ),
    warning(
        "lint::unknown-value",
        "a word that the attribute does not take",
        "Availability, security mode, engine and the like take one of a few words, in capitals. With any other the API refuses every cluster, or a `blocklist` blocks nothing. A word that is newer than this list is a false alarm.",
        SDK,
    ),
    warning(
        "lint::beyond-api",
        "a number that the API refuses",
        "The API has limits of its own: `autotermination_minutes` is 0 or 10 to 10000, `spot_bid_price_percent` at most 10000, an EBS volume at most 4096 GB.",
        SDK,
    ),
    // Patterns.
    fixed(
        warning(
            "lint::redundant-anchor",
            "anchors around a pattern",
            "A pattern always has to match the whole value. `^` and `$` add nothing, and readers take them for a sign that other patterns search.",
            DOCS,
        ),
        "removes the anchors; the same values match",
    ),
    warning(
        "lint::anchored-branch",
        "anchors on some alternatives only",
        "`^A|B$` searches for what begins with A or ends with B. Here it does not: the whole value must be A or B.",
        DOCS,
    ),
    warning(
        "lint::separator-in-class",
        "a comma or a bar between the letters of a class",
        "In `[2,3]` the comma is one of the characters that match. An official sample has `v[2,3]`.",
        DOCS,
    ),
    warning(
        "lint::unescaped-dot",
        "a dot that matches any character",
        "In `6.[0-9].x` each dot matches any character. In versions and node types a literal dot is nearly always meant; it is written `\\.`, in JSON `\\\\.`.",
        DOCS,
    ),
    warning(
        "lint::scala-pinned",
        "Scala 2.12 with a runtime that has 2.13",
        "Keys end in `-scala2.13` since runtime 17. A pattern pinned to `scala2.12` admits no runtime after 16, and a listed `17.x` key with 2.12 does not exist.",
        "databricks/cli#6512",
    ),
    warning(
        "lint::matches-nothing",
        "a pattern that matches no known value",
        "The whole value must match: `15\\.4` matches no runtime, `15\\.4\\..*` does. For node types and runtimes this is held against what tollgate knows of them.",
        DOCS,
    ),
    // Together.
    error(
        "lint::pool-and-node-type",
        "a node type filled in beside a pool",
        "With `instance_pool_id` the API refuses `node_type_id` and `driver_node_type_id`: the pool decides. A policy that fixes both gives every cluster what the API refuses.",
        "Zipstack/brickflow#43: `The field 'node_type_id' cannot be supplied when an instance pool ID is provided.`",
    ),
    warning(
        "lint::pool-or-node-type",
        "a node type demanded beside a pool",
        "A request cannot give both. The form takes the pool's own node type for the value; a client that checks the request alone finds it missing.",
        DOCS,
    ),
    error(
        "lint::size-twice",
        "a number of workers and autoscaling, both on every cluster",
        "The API takes exactly one of `num_workers`, `autoscale` and `virtual_cluster_size`. A policy that demands or fixes two of them can never be met.",
        "a backend log of 2023: `Exactly 1 of virtual_cluster_size, num_workers or autoscale must be specified.`",
    ),
    error(
        "lint::no-size",
        "every size forbidden",
        "With `num_workers` and autoscaling both forbidden there is no size left that a request could ask for.",
        SDK,
    ),
    warning(
        "lint::defaults-collide",
        "defaults that exclude each other",
        "Alone each default is fine. With `apply_policy_default_values` both are filled in, and the API refuses a node type beside a pool, or two sizes.",
        SDK,
    ),
    error(
        "lint::autoscale-order",
        "at least more workers than at most",
        "The least that `autoscale.min_workers` may be lies above the most that `autoscale.max_workers` may be.",
        SDK,
    ),
    error(
        "lint::entry-of-two-kinds",
        "one script of two kinds",
        "An entry of `init_scripts` lies in a workspace, a volume, on DBFS or in a bucket: one of them. Two kinds demanded of one index cannot be met.",
        SDK,
    ),
    warning(
        "lint::log-path-without-type",
        "a place for logs without its kind",
        "`cluster_log_conf.path` is one half; `cluster_log_conf.type` says whether it lies on DBFS, in a bucket or in a volume. The path alone cannot be filled in.",
        DOCS,
    ),
    error(
        "lint::dbus-unreachable",
        "a bound on DBUs that no cluster keeps",
        "`dbus_per_hour` counts the driver, and under autoscaling the most workers. Even the smallest cluster of the admitted node types uses more than the bound. Rates are those without Photon, so the truth is not lower.",
        "pricing/*/node_rates.json",
    ),
    // What the policy is for.
    error(
        "lint::cluster-type",
        "a kind of cluster that does not exist",
        "`cluster_type` is `all-purpose`, `job` or `dlt`. A policy that demands another word is shown to nobody and matches nothing.",
        DOCS,
    ),
    error(
        "lint::virtual-forbidden",
        "a computed attribute that is forbidden",
        "`dbus_per_hour` and `cluster_type` are computed for every cluster. They are never absent, so forbidding one refuses all clusters.",
        DOCS,
    ),
    error(
        "lint::dbus-not-a-range",
        "DBUs held to one value",
        "`dbus_per_hour` is computed from node types and size. Fixed to 50 it refuses a cluster of 49.5 as well as one of 51. Published policies have it; a `range` was meant.",
        DOCS,
    ),
    warning(
        "lint::never-terminates",
        "clusters that may never end",
        "0 minutes of automatic termination means never. A range with only a `maxValue` admits 0, and so do `unlimited` and a list with 0: the classic hole through which a forgotten cluster costs money until somebody looks.",
        DOCS,
    ),
    warning(
        "lint::autotermination-on-jobs",
        "automatic termination of job clusters",
        "Job clusters end with their run and do not support `autotermination_minutes`. A policy for jobs that fixes or demands it gives them what they do not have.",
        "databricks/terraform-provider-databricks#3641",
    ),
    warning(
        "lint::breaks-pipelines",
        "an attribute that pipelines do not have",
        "The clusters of pipelines have fewer attributes: no `spark_version`, `autotermination_minutes`, `data_security_mode`, `enable_elastic_disk`, `runtime_engine`. A policy for `dlt` that fixes or demands one makes the pipeline fail.",
        "backend logs of 2023: `Cluster attribute `enable_elastic_disk' for cluster 'default' is not allowed for a pipeline.`",
    ),
    warning(
        "lint::required-by-accident",
        "an attribute that requests must give all at once",
        "An element that limits a value also demands that there is one. Requests usually leave this attribute out, so limiting it without `isOptional` refuses most of them.",
        DOCS,
    ),
    // The world.
    warning(
        "lint::unknown-node-type",
        "a node type that nobody knows",
        "The node type is not among those of its cloud that tollgate knows rates of. Mostly a slip, or an old family; a very new one may be a false alarm.",
        "pricing/*/node_rates.json",
    ),
    error(
        "lint::runtime-ended",
        "a runtime whose support has ended",
        "It gets no security fixes, and Databricks removes it in time. Told as of --at; a version without a recorded date counts as ended when a later one has.",
        "src/databricks/runtimes.json",
    ),
    warning(
        "lint::runtime-ending",
        "a runtime whose support ends within 90 days",
        "Time to move what runs on it.",
        "src/databricks/runtimes.json",
    ),
    warning(
        "lint::unknown-runtime",
        "a runtime that nobody knows",
        "No release has this version, or the text is no key of a runtime: keys look like `17.3.x-scala2.13`.",
        "src/databricks/runtimes.json",
    ),
    error(
        "lint::unknown-alias",
        "an alias of runtimes that does not exist",
        "There are `auto:latest`, `auto:latest-lts`, `auto:prev-major`, `auto:prev-lts` and each of them with `-ml`. Another one stands for no runtime.",
        DOCS,
    ),
    // Secrets and templates.
    error(
        "lint::secret",
        "a secret in plain sight",
        "Whoever may use a policy can read its definition, `hidden` or not. Passwords, tokens and keys belong into a secret scope and are written `{{secrets/SCOPE/KEY}}`. The value is never shown here; treat it as known and change it.",
        "Databricks documentation, secrets",
    ),
    warning(
        "lint::template",
        "a template that nobody filled in",
        "`${...}` and `{{ ... }}` are filled in by Terraform, bundles or Jinja before the policy is sent. What stands there now is compared letter for letter. Elements with templates are not checked any further.",
        HERE,
    ),
    // Policy objects of the API, and rules that carry a definition.
    warning(
        "lint::definition-object",
        "a definition that is not text",
        "The policies API takes `definition` and `policy_family_definition_overrides` as a text that holds JSON (`jsonencode`, `json.dumps`), not as an object.",
        SDK,
    ),
    error(
        "lint::no-definition",
        "a policy without a definition",
        "A policy has a `definition`, or a `policy_family_id` to take one from; a rule of the plugin `cluster-policy` may have a `definition_file` instead.",
        SDK,
    ),
    error(
        "lint::two-definitions",
        "a policy with two definitions",
        "`policy_family_id and definition cannot be used together`: a policy of a family changes it with `policy_family_definition_overrides`.",
        "databricks/cli, acceptance tests of cluster policies",
    ),
    error(
        "lint::overrides-without-family",
        "overrides without a family",
        "Overrides are merged into the definition of a family; without `policy_family_id` there is none.",
        SDK,
    ),
    warning(
        "lint::unknown-family",
        "a policy family that nobody knows",
        "Known are `personal-vm`, `shared-compute`, `power-user`, `job-cluster` and `shared-data-science`.",
        "Databricks documentation, policy families",
    ),
    error(
        "lint::policy-name",
        "a policy without a name the API takes",
        "The name is demanded, unique in the workspace, and 1 to 100 characters long.",
        SDK,
    ),
    error(
        "lint::max-clusters",
        "a limit of clusters that is no positive number",
        "`max_clusters_per_user` is a whole number above 0; without it there is no limit.",
        "databricks/terraform-provider-databricks, resource cluster_policy",
    ),
    // tollgate's own documents.
    error(
        "lint::definition-file",
        "a definition file that cannot be read",
        "The path is relative to the policy document.",
        HERE,
    ),
    warning(
        "lint::no-description",
        "a policy that does not say what it is for",
        "`policy list` and every reader after you want one sentence.",
        HERE,
    ),
    warning(
        "lint::no-cases",
        "a policy without cases",
        "A `cases.yaml` beside the policy, with one request that passes and one that does not, is what notices a rule that stopped working. `tollgate policy test` runs it.",
        HERE,
    ),
    warning(
        "lint::guardrail-monitors",
        "a guardrail that only watches",
        "Every rule of the guardrail is set to `enforcement: monitor`, so it denies nothing.",
        HERE,
    ),
];

/// The entry of a code.
pub fn find(code: &str) -> Option<&'static Lint> {
    LINTS.iter().find(|lint| lint.code == code)
}

/// The severity of a code.
pub(super) fn severity(code: &str) -> Severity {
    // A code that is not in the table would be a fault of ours, and a test looks for it.
    find(code).map_or(Error, |lint| lint.severity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_once() {
        for (i, lint) in LINTS.iter().enumerate() {
            assert!(lint.code.starts_with("lint::"), "{}", lint.code);
            assert!(
                LINTS[..i].iter().all(|earlier| earlier.code != lint.code),
                "{}",
                lint.code
            );
            assert!(
                lint.why.ends_with('.') && !lint.title.ends_with('.'),
                "{}",
                lint.code
            );
        }
    }
}
