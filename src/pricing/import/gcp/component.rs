//! What a SKU of Compute Engine is a price of, by its description.
//!
//! `N2 Instance Core running in Americas`, `N2D AMD Instance Ram running in Frankfurt`, `N1 Predefined Instance Core running in ...`,
//! `Compute optimized Core running in ...` (the family C2, in newer regions with `Instance`), each also with `Spot Preemptible` in
//! front. No field says the family, so what is described otherwise is not guessed at.

use crate::model::meter::PurchaseOption;
use crate::pricing::import::LeftOut;

/// A part of the machines of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Component {
    /// `n2`, as machine types begin.
    pub family: String,
    pub part: Part,
    pub purchase_option: PurchaseOption,
}

/// What machines are billed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// A virtual core.
    Core,
    /// A GiB of memory.
    Ram,
}

/// Words that say that a machine is put together freely, or stands on a host of one's own.
const NOT_PREDEFINED: [&str; 4] = ["Custom", "Extended", "Sole", "Tenancy"];

/// The component that a SKU is.
pub(super) fn component(description: &str, usage_type: &str) -> Result<Component, LeftOut> {
    let purchase_option = match usage_type {
        "OnDemand" => PurchaseOption::OnDemand,
        "Preemptible" => PurchaseOption::Spot,
        _ => return Err(LeftOut::NotConsumption),
    };
    let Some((head, _)) = description.split_once(" running in ") else {
        return Err(LeftOut::NotAMachine);
    };
    let mut words: Vec<&str> = head.split_whitespace().collect();
    let part = match words.pop() {
        Some("Core") => Part::Core,
        Some("Ram") => Part::Ram,
        _ => return Err(LeftOut::NotAMachine),
    };
    if words.iter().any(|word| NOT_PREDEFINED.contains(word)) {
        return Err(LeftOut::NotPredefined);
    }
    let unknown = || LeftOut::UnknownMeter(head.to_lowercase());
    let mut rest = words.as_slice();
    if purchase_option == PurchaseOption::Spot {
        rest = rest.strip_prefix(&["Spot"]).unwrap_or(rest);
        rest = rest.strip_prefix(&["Preemptible"]).ok_or_else(unknown)?;
    }
    rest = rest.strip_suffix(&["Instance"]).unwrap_or(rest);
    let family = match rest {
        ["Compute", "optimized"] => "c2".to_owned(),
        ["N1", "Predefined"] => "n1".to_owned(),
        [family] | [family, "AMD" | "Arm" | "Intel"] if is_family(family) => family.to_lowercase(),
        _ => return Err(unknown()),
    };
    Ok(Component {
        family,
        part,
        purchase_option,
    })
}

/// `N2`, `N2D`, `C4A`: a letter, a digit, perhaps a letter.
fn is_family(word: &str) -> bool {
    match word.as_bytes() {
        [series, generation, more @ ..] => {
            series.is_ascii_uppercase()
                && generation.is_ascii_digit()
                && (more.is_empty() || matches!(more, [letter] if letter.is_ascii_uppercase()))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(description: &str, usage_type: &str) -> String {
        match component(description, usage_type) {
            Ok(found) => format!(
                "{} {:?} {}",
                found.family,
                found.part,
                found.purchase_option.as_str()
            ),
            Err(reason) => format!("{} {}", reason.as_str(), reason.of().unwrap_or_default()),
        }
    }

    /// Descriptions as public code and documents quote them.
    #[test]
    fn descriptions_tell_family_and_part() {
        for (description, usage_type, found) in [
            (
                "N1 Predefined Instance Core running in Americas",
                "OnDemand",
                "n1 Core on_demand",
            ),
            (
                "N2 Instance Ram running in Netherlands",
                "OnDemand",
                "n2 Ram on_demand",
            ),
            (
                "N2D AMD Instance Core running in Netherlands",
                "OnDemand",
                "n2d Core on_demand",
            ),
            (
                "C4A Arm Instance Ram running in Iowa",
                "OnDemand",
                "c4a Ram on_demand",
            ),
            (
                "Compute optimized Core running in Americas",
                "OnDemand",
                "c2 Core on_demand",
            ),
            (
                "Compute optimized Instance Core running in Madrid",
                "OnDemand",
                "c2 Core on_demand",
            ),
            (
                "Spot Preemptible E2 Instance Core running in EMEA",
                "Preemptible",
                "e2 Core spot",
            ),
            (
                "Preemptible N1 Predefined Instance Ram running in EMEA",
                "Preemptible",
                "n1 Ram spot",
            ),
            (
                "E2 Instance Core running in EMEA",
                "Preemptible",
                "unknown_meter e2 instance core",
            ),
            (
                "Spot Preemptible E2 Instance Core running in EMEA",
                "OnDemand",
                "unknown_meter spot preemptible e2 instance core",
            ),
            (
                "N2 Custom Instance Core running in Americas",
                "OnDemand",
                "not_predefined ",
            ),
            (
                "N2 Sole Tenancy Instance Ram running in Americas",
                "OnDemand",
                "not_predefined ",
            ),
            (
                "Memory-optimized Instance Core running in Americas",
                "OnDemand",
                "unknown_meter memory-optimized instance core",
            ),
            ("Nvidia L4 GPU running in Iowa", "OnDemand", "not_a_machine "),
            (
                "Commitment v1: N2 Cpu in Americas for 1 Year",
                "Commit1Yr",
                "not_consumption ",
            ),
            ("N2 Instance Core running Windows", "OnDemand", "not_a_machine "),
            (" running in ", "OnDemand", "not_a_machine "),
            ("Core running in ", "OnDemand", "unknown_meter core"),
        ] {
            assert_eq!(told(description, usage_type), found, "{description}");
        }
    }
}
