//! What is asked for: plans, bundles and bodies of APIs become requests, each with its place.
//!
//! ```text
//! documents         what a text is, and who reads it
//!   ├ recognition   what a body is by its keys, and that it is one thing
//!   ├ api           bodies of the APIs ◄─ clusters_api, job, pipeline, instance_pool, schedule: their parts;
//!   │               known_keys and wrong_shape: what is wrong with them
//!   ├ terraform_plan  terraform show -json, brought into the bodies that the provider sends
//!   └ bundle        databricks.yml, brought into the bodies that the CLI sends
//!       └─► reading: requests, other resources, problems; pools and policies linked to who names them
//! against           the same things at two times
//! usage_file        how long things run
//! ```

pub mod against;
pub mod api;
pub mod bundle;
pub mod clusters_api;
pub mod documents;
pub mod draft;
pub mod instance_pool;
pub mod job;
pub mod known_keys;
pub mod pipeline;
pub mod reading;
pub mod recognition;
pub mod request;
pub mod schedule;
pub mod terraform_plan;
pub mod usage_file;
pub mod wrong_shape;
