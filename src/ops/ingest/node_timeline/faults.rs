//! What is odd about machines, told: of each kind the first, and how many there are.

use super::Desk;
use super::known::KnownMachine;
use crate::lifecycle::presence::{Fault, Instance, is_there};
use crate::model::diagnostic::Diagnostic;
use crate::model::period::{from_unix, rfc3339};

impl Desk<'_> {
    /// What was billed beyond the last row of a machine that is gone, since an earlier telling was told that it lived.
    pub(super) fn beyond(
        &mut self,
        source: &str,
        instance_id: &str,
        known: &KnownMachine,
        instance: &Instance,
        table_end: i64,
    ) {
        let (Some(billed), Some((_, last))) = (known.end(), instance.extent()) else {
            return;
        };
        if billed <= last || billed > table_end || is_there(last, table_end) {
            return;
        }
        let times = self.told.faults.entry("node::billed-beyond").or_default();
        *times = times.saturating_add(1);
        if *times > 1 {
            return;
        }
        let message = format!(
            "`{instance_id}`: the ledger has it until {}, and these rows see it last at {}",
            rfc3339(from_unix(billed)),
            rfc3339(from_unix(last))
        );
        let hint = "are rows missing here, or did an earlier --until say too much? where these are all rows of it, --correct bills it anew";
        self.problems
            .0
            .push(Diagnostic::warning("node::billed-beyond", source, message).hint(hint));
    }

    /// Whether the rows told now reach back as far as what is corrected by them.
    pub(super) fn is_whole(
        &mut self,
        source: &str,
        instance_id: &str,
        replaced: &KnownMachine,
        instance: &Instance,
    ) -> bool {
        let (Some(billed), Some((first, _))) = (replaced.start(), instance.extent()) else {
            return true;
        };
        if billed >= first {
            return true;
        }
        let what = format!(
            "the ledger has it from {}, and these rows begin at {}",
            rfc3339(from_unix(billed)),
            rfc3339(from_unix(first))
        );
        let hint = "--correct takes the rows told now for all that there are of a machine: tell them from its first minute on";
        self.refuse(source, "node::not-whole", instance_id, &what, hint);
        false
    }

    /// A machine of which nothing is billed.
    pub(super) fn refuse(
        &mut self,
        source: &str,
        code: &'static str,
        instance_id: &str,
        what: &str,
        hint: &str,
    ) {
        self.told.refused = self.told.refused.saturating_add(1);
        let message = format!("`{instance_id}`: {what}; nothing of it is billed");
        self.problems
            .0
            .push(Diagnostic::error(code, source, message).hint(hint));
    }

    /// Tells faults: of each kind the first, counted in the end. Whether nothing of the machine is billed.
    pub(super) fn report(&mut self, source: &str, instance_id: &str, faults: &[Fault]) -> bool {
        for fault in faults {
            if let Fault::Gap { period, .. } = fault {
                self.told.gap_seconds = self.told.gap_seconds.saturating_add(period.seconds());
            }
            let times = self.told.faults.entry(fault.code()).or_default();
            *times = times.saturating_add(1);
            if *times > 1 && !fault.refuses() {
                continue;
            }
            let message = format!("`{instance_id}`: {}", fault.message());
            let hint = "is a file of the table missing, or edited?";
            self.problems.0.push(match fault.refuses() {
                true => Diagnostic::error(fault.code(), source, message).hint(hint),
                false => Diagnostic::warning(fault.code(), source, message),
            });
        }
        faults.iter().any(Fault::refuses)
    }
}
