//! A cost in its columns, summed exactly.
#![deny(clippy::arithmetic_side_effects)]

use crate::ledger::summary::CostRow;
use crate::model::meter::Category;

/// A cost by category, in 10^-9 of the currency, with the DBUs behind it. The columns are effective costs: payments of commitments are
/// in them where they are used, not where they are paid.
///
/// Sums of fewer than 2^63 amounts of 64 bits stay inside 128 bits, so that no addition here can reach a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// DBUs, in 10^-9.
    pub dbu_quantity_nano: i128,
    /// DBUs in money.
    pub dbu_nano: i128,
    /// Virtual machines.
    pub vm_nano: i128,
    /// Disks.
    pub disk_nano: i128,
    /// Public IP addresses and NAT gateways.
    pub network_nano: i128,
    /// Object storage.
    pub storage_nano: i128,
    /// What all of it would cost at list prices.
    pub list_nano: i128,
    /// What all of it would cost at contracted prices, commitments apart.
    pub contracted_nano: i128,
    /// What vendors bill: nothing where a commitment has paid, and the payments of commitments.
    pub billed_nano: i128,
}

impl Cost {
    /// Adds a row.
    pub fn add(&mut self, row: &CostRow) {
        let column = match row.meter.category() {
            Category::Dbu => {
                if !row.meter.is_commitment() {
                    let quantity = i128::from(row.quantity_nano);
                    self.dbu_quantity_nano = self.dbu_quantity_nano.saturating_add(quantity);
                }
                &mut self.dbu_nano
            }
            Category::Vm => &mut self.vm_nano,
            Category::Disk => &mut self.disk_nano,
            Category::Network => &mut self.network_nano,
            Category::Storage => &mut self.storage_nano,
        };
        let costs = &row.costs;
        for (sum, added) in [
            (column, costs.effective_nano),
            (&mut self.list_nano, costs.list_nano),
            (&mut self.contracted_nano, costs.contracted_nano),
            (&mut self.billed_nano, costs.billed_nano),
        ] {
            *sum = sum.saturating_add(added.into());
        }
    }

    /// Adds another cost.
    pub fn add_cost(&mut self, other: &Cost) {
        for (sum, added) in [
            (&mut self.dbu_quantity_nano, other.dbu_quantity_nano),
            (&mut self.dbu_nano, other.dbu_nano),
            (&mut self.vm_nano, other.vm_nano),
            (&mut self.disk_nano, other.disk_nano),
            (&mut self.network_nano, other.network_nano),
            (&mut self.storage_nano, other.storage_nano),
            (&mut self.list_nano, other.list_nano),
            (&mut self.contracted_nano, other.contracted_nano),
            (&mut self.billed_nano, other.billed_nano),
        ] {
            *sum = sum.saturating_add(added);
        }
    }

    /// All columns of money together: the effective cost.
    pub fn total_nano(&self) -> i128 {
        [
            self.dbu_nano,
            self.vm_nano,
            self.disk_nano,
            self.network_nano,
            self.storage_nano,
        ]
        .into_iter()
        .fold(0, i128::saturating_add)
    }
}
