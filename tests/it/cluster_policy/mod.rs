//! What the differential test of the plugin `cluster-policy` stands on: a second evaluator of the language, written
//! from the reference alone, and questions to ask both.

mod corpus;
mod differential;
mod generate;
mod naive;
mod told;
mod vectors;
