//! What made a cluster: `ClusterDetails.cluster_source`.

use std::fmt;

use crate::model::place::Workload;

/// What made a cluster, as the API spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterSource {
    /// A person, in the user interface.
    Ui,
    /// A call of `clusters/create`.
    Api,
    /// The run of a job.
    Job,
    /// A served model.
    Models,
    /// A pipeline.
    Pipeline,
    /// A pipeline, for its maintenance.
    PipelineMaintenance,
    /// A SQL warehouse.
    Sql,
    /// A source that this version does not know.
    Other(String),
}

impl ClusterSource {
    /// Reads the API's spelling.
    pub fn read(text: &str) -> ClusterSource {
        match text {
            "UI" => ClusterSource::Ui,
            "API" => ClusterSource::Api,
            "JOB" => ClusterSource::Job,
            "MODELS" => ClusterSource::Models,
            "PIPELINE" => ClusterSource::Pipeline,
            "PIPELINE_MAINTENANCE" => ClusterSource::PipelineMaintenance,
            "SQL" => ClusterSource::Sql,
            other => ClusterSource::Other(other.to_owned()),
        }
    }

    /// As the API spells it.
    pub fn as_str(&self) -> &str {
        match self {
            ClusterSource::Ui => "UI",
            ClusterSource::Api => "API",
            ClusterSource::Job => "JOB",
            ClusterSource::Models => "MODELS",
            ClusterSource::Pipeline => "PIPELINE",
            ClusterSource::PipelineMaintenance => "PIPELINE_MAINTENANCE",
            ClusterSource::Sql => "SQL",
            ClusterSource::Other(text) => text,
        }
    }

    /// What the cluster runs for; what is neither a job nor a pipeline counts as all-purpose.
    pub fn workload(&self) -> Workload {
        match self {
            ClusterSource::Job => Workload::Job,
            ClusterSource::Pipeline | ClusterSource::PipelineMaintenance => Workload::Dlt,
            _ => Workload::AllPurpose,
        }
    }

    /// Whether `policies/clusters/enforce-compliance` takes such a cluster. Those of jobs, pipelines and models are
    /// changed where they are defined.
    pub fn is_enforceable(&self) -> bool {
        !matches!(
            self,
            ClusterSource::Job
                | ClusterSource::Pipeline
                | ClusterSource::PipelineMaintenance
                | ClusterSource::Models
        )
    }
}

impl fmt::Display for ClusterSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_keeps_its_spelling() {
        for text in [
            "UI",
            "API",
            "JOB",
            "MODELS",
            "PIPELINE",
            "PIPELINE_MAINTENANCE",
            "SQL",
            "SOMETHING_NEW",
        ] {
            assert_eq!(ClusterSource::read(text).as_str(), text);
        }
        assert_eq!(ClusterSource::read("JOB").workload(), Workload::Job);
        assert_eq!(
            ClusterSource::read("PIPELINE_MAINTENANCE").workload(),
            Workload::Dlt
        );
        assert_eq!(ClusterSource::read("SQL").workload(), Workload::AllPurpose);
        assert!(
            ClusterSource::read("API").is_enforceable() && !ClusterSource::read("MODELS").is_enforceable()
        );
    }
}
