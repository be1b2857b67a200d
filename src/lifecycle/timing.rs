//! How long things take. Nobody publishes these numbers; the defaults are assumptions, and a scenario sets its own.

use super::between::Between;

/// A step of a start, in the order in which the steps follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The request is taken in.
    Accept,
    /// Quota and capacity are looked at; nothing is asked of the cloud before.
    Validate,
    /// A machine: the cloud allocates it.
    Allocate,
    /// A machine: network interface and public address.
    Network,
    /// A machine: disks.
    Disks,
    /// A machine: operating system and runtime image, or a custom container image.
    Image,
    /// A machine: init scripts, before Spark starts on it.
    InitScripts,
    /// The driver's process comes up.
    DriverBoot,
    /// The driver opens its Spark context.
    SparkContext,
    /// A worker registers with the driver.
    Register,
    /// Libraries are installed.
    Libraries,
    /// Credentials and mounts are set up.
    Security,
}

impl Step {
    /// All steps.
    pub const ALL: [Step; 12] = [
        Step::Accept,
        Step::Validate,
        Step::Allocate,
        Step::Network,
        Step::Disks,
        Step::Image,
        Step::InitScripts,
        Step::DriverBoot,
        Step::SparkContext,
        Step::Register,
        Step::Libraries,
        Step::Security,
    ];

    /// As scenarios and timelines spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Accept => "accept",
            Step::Validate => "validate",
            Step::Allocate => "allocate",
            Step::Network => "network",
            Step::Disks => "disks",
            Step::Image => "image",
            Step::InitScripts => "init_scripts",
            Step::DriverBoot => "driver_boot",
            Step::SparkContext => "spark_context",
            Step::Register => "register",
            Step::Libraries => "libraries",
            Step::Security => "security",
        }
    }
}

/// Seconds of each step and of everything else that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// The request is taken in.
    pub accept: Between,
    /// Quota and capacity are looked at.
    pub validate: Between,
    /// The cloud allocates a machine.
    pub allocate: Between,
    /// Network interface, and public address where nodes have one.
    pub network: Between,
    /// Disks are made and attached.
    pub disks: Between,
    /// Operating system and runtime image are brought onto a machine; on an instance of a pool without the right
    /// preloaded runtime this is all that is left to do, on one with it nothing is.
    pub image: Between,
    /// The same where the request names a `docker_image`, which brings its own runtime. A pool's
    /// `preloaded_docker_images` shortens that to nothing.
    pub docker_image: Between,
    /// All init scripts of one machine; nothing where the request has none.
    pub init_scripts: Between,
    /// The driver's process.
    pub driver_boot: Between,
    /// The Spark context, at a start and after an exception.
    pub spark_context: Between,
    /// A worker registers, once its machine is ready and the context is open.
    pub register: Between,
    /// All libraries; nothing where the cluster has none.
    pub libraries: Between,
    /// Credentials and mounts.
    pub security: Between,
    /// From TERMINATING to TERMINATED, when the machines go.
    pub terminate: Between,
    /// A worker that autoscaling or a resize takes away finishes its tasks first, at most for so long.
    pub decommission: Between,
    /// From the loss of a node to asking for another.
    pub recover: Between,
    /// Between two evaluations of standard or optimised autoscaling while tasks are pending.
    pub autoscale_interval: Between,
    /// How long a driver does not respond, for garbage collection, say.
    pub driver_pause: Between,
    /// How long an unreachable driver is waited for before the cluster ends.
    pub driver_grace: Between,
    /// How long the metastore stays away.
    pub metastore_outage: Between,
    /// How long DBFS stays away.
    pub dbfs_outage: Between,
    /// Percent of the workers that must have registered for the cluster to be RUNNING. Databricks counts a creation
    /// as successful from 85 % of the (on-demand) nodes on; the others join later.
    pub enough_workers_percent: u32,
    /// `spark.locality.wait`, in seconds: 3 in Spark.
    pub locality_wait: u32,
}

impl Default for Timing {
    /// A cold start of 240 s, one from a pool with the runtime preloaded of 30 s, a tear-down of 60 s.
    fn default() -> Timing {
        let s = Between::exactly;
        Timing {
            accept: s(0),
            validate: s(0),
            allocate: s(70),
            network: s(10),
            disks: s(10),
            image: s(120),
            docker_image: s(90),
            init_scripts: s(20),
            driver_boot: s(10),
            spark_context: s(10),
            register: s(5),
            libraries: s(20),
            security: s(5),
            terminate: s(60),
            decommission: s(60),
            recover: s(10),
            autoscale_interval: s(10),
            driver_pause: s(60),
            driver_grace: s(120),
            metastore_outage: s(300),
            dbfs_outage: s(300),
            enough_workers_percent: 85,
            locality_wait: 3,
        }
    }
}
