//! The vocabulary: what every layer means by a request, a decision, a usage, a charge.
//!
//! No clock, no randomness, and no IO but reading what somebody else has opened (`rows`). A type that two layers share lives here.
//!
//! ```text
//! Place        Cloud · Tier · Region · Workspace          where a cluster runs
//! Workload     all-purpose · job · dlt                    what it runs for
//! Period       [start, end) in UTC · Month                when
//! Exact        HourlyRate · Nano                          how much, without a float
//! Money        an amount in a Currency
//! Meter        vm · dbu · disk · public_ip                what is billed; MeterPattern speaks of many
//! Increment    per second · per minute · a minimum         how the time of a machine is rounded
//! NodeMeters   the meters one node runs                   what a node is billed for
//! Usage        a quantity of a meter over a period, of a Subject with its Tags
//! Price        money per unit of a meter, in force over a period
//! Commitment   reservation · savings plan · prepaid units; VolumeTiers: prices above so much a month
//! Charge       a priced usage        (Unpriced: a usage without a price)
//! Statement    lines that a vendor says it has billed; Amount adds them exactly
//! CostCentres  rules that say who owes for a subject's use of a meter
//! Kind, Action what a document asks for, and what would happen to it
//! Unknown      attributes that nobody knows yet, and what they will refer to
//! CostChange   what each resource of a change costs, before and after
//! Decision     allow · deny · undetermined, with violations, failures, supplied values, estimate
//! Diagnostic   what is wrong with an input, where, and what to do
//! Finding      a diagnostic of the linter, with the change that would settle it
//! Row          a row of a table, whatever file it came in: cells as text
//! Passage      a text that stands in a file, and where each of its bytes is written
//! ```

pub mod agreement;
pub mod ahead;
pub mod amount;
pub mod attribute;
pub mod charge;
pub mod cost_centre;
pub mod cost_change;
pub mod decision;
pub mod diagnostic;
pub mod document;
pub mod estimate;
pub mod exact;
pub mod facts;
pub mod finding;
pub mod glob;
pub mod increment;
pub mod json_text;
pub mod machine;
pub mod meter;
pub mod meter_pattern;
pub mod money;
pub mod passage;
pub mod path_pattern;
pub mod period;
pub mod place;
pub mod resource;
pub mod rows;
pub mod schema;
pub mod side_by_side;
pub mod statement;
pub mod strict_json;
pub mod suggest;
pub mod tags;
pub mod tree;
pub mod unknown;
pub mod usage;
pub mod written;
