//! Rows of `describe-spot-price-history`: the spot price of a size in an availability zone, from an instant on.

use serde::Deserialize;

use super::{Desk, Price};
use crate::model::meter::PurchaseOption;
use crate::pricing::import::{LeftOut, Spot};

/// A row; prices are in USD, as the service says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SpotRow {
    availability_zone: String,
    instance_type: String,
    product_description: String,
    spot_price: String,
    timestamp: String,
}

/// What the service calls Linux, in its two networks.
const LINUX: [&str; 2] = ["Linux/UNIX", "Linux/UNIX (Amazon VPC)"];

/// Takes a row.
pub(super) fn take(desk: &mut Desk<'_>, spot: &Spot, row: &SpotRow) {
    if !LINUX.contains(&row.product_description.as_str()) {
        return desk.leave(LeftOut::OtherSystem(row.product_description.to_lowercase()));
    }
    let Some(region) = region_of(&row.availability_zone) else {
        return desk.leave(LeftOut::OtherLocation);
    };
    if !desk.is_asked_for(region) {
        return desk.leave(LeftOut::OtherRegion);
    }
    let zones = &desk.only.zones;
    if !zones.is_empty() && !zones.contains(&row.availability_zone) {
        return desk.leave(LeftOut::OtherZone);
    }
    let price = Price {
        region,
        node_type_id: &row.instance_type,
        purchase_option: PurchaseOption::Spot,
        zone: &row.availability_zone,
        currency: "USD",
        amount: &row.spot_price,
        from: &row.timestamp,
    };
    desk.price(spot, &price);
}

/// The region of a zone: `us-east-1` of `us-east-1a`. A local zone (`us-west-2-lax-1a`) is none of its region's.
fn region_of(zone: &str) -> Option<&str> {
    let region = zone.strip_suffix(|c: char| c.is_ascii_lowercase())?;
    let (place, number) = region.rsplit_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
    let mut words = place.split('-');
    (is_number(number) && words.clone().count() >= 2 && words.all(is_word)).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_the_zone_without_its_letter() {
        for (zone, region) in [
            ("us-east-1a", Some("us-east-1")),
            ("us-gov-west-1b", Some("us-gov-west-1")),
            ("ap-northeast-1c", Some("ap-northeast-1")),
            ("us-west-2-lax-1a", None),
            ("us-east-1-wl1-bos-wlz-1", None),
            ("us-east-1", None),
            ("a", None),
            ("", None),
            ("ü", None),
        ] {
            assert_eq!(region_of(zone), region, "{zone}");
        }
    }
}
