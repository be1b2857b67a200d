//! The split of an amount by weights, so that the parts are the whole.

use std::collections::BTreeMap;

/// Splits an amount in proportion to weights, by the largest remainder: each part is its exact share rounded down, and what is then
/// left goes, one 10^-9 each, to those whose share lost most; of equal ones to the first by key. So the parts add up to the amount, none
/// is off by a whole 10^-9, and the same question has the same answer. A negative amount is split as its opposite is.
///
/// Weights that are not above zero have no part. Without any other there are no parts.
pub fn split<K: Ord + Clone>(amount: i128, weights: &BTreeMap<K, i128>) -> BTreeMap<K, i128> {
    let weights: Vec<(&K, u128)> = weights
        .iter()
        .filter(|(_, weight)| **weight > 0)
        .map(|(key, weight)| (key, weight.unsigned_abs()))
        .collect();
    let all = weights
        .iter()
        .fold(0_u128, |sum, (_, weight)| sum.saturating_add(*weight));
    let size = amount.unsigned_abs();
    let mut parts: Vec<(u128, u128, &K)> = weights
        .iter()
        .map(|(key, weight)| {
            let (part, lost) = share(size, *weight, all);
            (lost, part, *key)
        })
        .collect();
    let given = parts
        .iter()
        .fold(0_u128, |sum, (_, part, _)| sum.saturating_add(*part));
    // The sort is stable, so equals stay in the order of their keys.
    parts.sort_by_key(|(lost, ..)| std::cmp::Reverse(*lost));
    let left = size.saturating_sub(given);
    let more = (0_u128..).map(|place| u128::from(place < left));
    let parts = parts.into_iter().zip(more).map(|((_, part, key), more)| {
        let part = i128::try_from(part.saturating_add(more)).unwrap_or(i128::MAX);
        (key.clone(), if amount < 0 { part.saturating_neg() } else { part })
    });
    parts.collect()
}

/// `size x weight / all`, and the remainder. Long division by bits: exact whatever the product takes.
fn share(size: u128, weight: u128, all: u128) -> (u128, u128) {
    if let Some(product) = size.checked_mul(weight) {
        let part = product.checked_div(all).unwrap_or_default();
        return (part, product.checked_rem(all).unwrap_or_default());
    }
    let (mut part, mut rest) = (0_u128, 0_u128);
    for bit in (0..u128::BITS).rev() {
        part = part.saturating_mul(2);
        // `rest` is below `all`, which sums of weights of 64 bits keep far below the bounds.
        rest = rest.saturating_mul(2);
        if size.checked_shr(bit).unwrap_or_default() & 1 == 1 {
            rest = rest.saturating_add(weight);
        }
        part = part.saturating_add(rest.checked_div(all).unwrap_or_default());
        rest = rest.checked_rem(all).unwrap_or_default();
    }
    (part, rest)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn weights(of: &[i128]) -> BTreeMap<usize, i128> {
        of.iter().copied().enumerate().collect()
    }

    #[test]
    fn what_is_left_goes_to_those_who_lost_most() {
        let parts = |amount, of: &[i128]| split(amount, &weights(of)).into_values().collect::<Vec<_>>();
        // 100/3 each: the first two of equal remainders... one is left, and the first gets it.
        assert_eq!(parts(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(parts(-100, &[1, 1, 1]), [-34, -33, -33]);
        // 600 s of an idle machine at 0.229: 38166667. By 3600 and 1800 s: 25444444.67 and 12722222.33.
        assert_eq!(parts(38_166_667, &[3_600, 1_800]), [25_444_445, 12_722_222]);
        assert_eq!(parts(7, &[0, -3, 2]), [7]);
        assert_eq!(parts(7, &[0, -3]), [] as [i128; 0]);
        assert_eq!(parts(0, &[1, 2]), [0, 0]);
    }

    proptest! {
        #[test]
        fn the_parts_are_the_whole_and_none_is_off_by_one(
            amount in any::<i64>(), of in prop::collection::vec(0_i64..i64::MAX, 1..8),
        ) {
            let weights = weights(&of.iter().copied().map(i128::from).collect::<Vec<_>>());
            let parts = split(amount.into(), &weights);
            let all: i128 = weights.values().sum();
            prop_assume!(all > 0);
            prop_assert_eq!(parts.values().sum::<i128>(), i128::from(amount));
            for (key, part) in &parts {
                // |part x all - amount x weight| < all, at 128 bits.
                let off = part * all - i128::from(amount) * weights[key];
                prop_assert!(off.abs() < all, "{} is off by {}/{}", part, off, all);
            }
            let opposite: BTreeMap<usize, i128> = split(-i128::from(amount), &weights);
            let negated: BTreeMap<usize, i128> = parts.iter().map(|(k, p)| (*k, -p)).collect();
            prop_assert_eq!(opposite, negated);
        }

        #[test]
        fn long_division_says_what_a_product_says(size in any::<u64>(), weight in any::<u64>(), rest in any::<u64>()) {
            let all = u128::from(weight) + u128::from(rest) + 1;
            let (part, lost) = share(size.into(), weight.into(), all);
            prop_assert_eq!(part * all + lost, u128::from(size) * u128::from(weight));
            // The same by bits: a product that does not fit is made by a size that is shifted.
            let wide = u128::from(size) << 63;
            let (part, lost) = share(wide, weight.into(), all);
            let (by_halves, carried) = share(u128::from(size), weight.into(), all);
            let (low, rest) = share(carried << 63, 1, all);
            prop_assert_eq!((part, lost), ((by_halves << 63) + low, rest));
        }
    }
}
