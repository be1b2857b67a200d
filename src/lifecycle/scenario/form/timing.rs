//! How long things take.

use serde::Deserialize;

use crate::lifecycle::between::Between;
use crate::lifecycle::timing::Timing;

/// The form and the reading of it, from one list of the durations of [`Timing`].
macro_rules! durations {
    ($($name:ident)*) => {
        /// What a scenario says of durations.
        #[derive(Debug, Deserialize, Default)]
        #[serde(deny_unknown_fields)]
        pub struct TimingForm {
            $(#[serde(default)] $name: Option<Between>,)*
            #[serde(default)]
            enough_workers_percent: Option<u32>,
            #[serde(default)]
            locality_wait: Option<u32>,
        }

        impl TimingForm {
            /// Puts what is given over the usual; `range` sees each duration under its name.
            pub fn over(&self, usual: Timing, mut range: impl FnMut(&str, Between) -> Between) -> Timing {
                Timing {
                    $($name: self.$name.map_or(usual.$name, |given| range(stringify!($name), given)),)*
                    enough_workers_percent: self.enough_workers_percent.unwrap_or(usual.enough_workers_percent),
                    locality_wait: self.locality_wait.unwrap_or(usual.locality_wait),
                }
            }
        }
    };
}

durations! {
    accept validate allocate network disks image docker_image init_scripts driver_boot spark_context register libraries
    security terminate decommission recover autoscale_interval driver_pause driver_grace metastore_outage dbfs_outage
}
