//! "did you mean": the known name nearest to an unknown one.

/// The candidate nearest to `found`, if it is near enough to be a slip of the keyboard:
/// at most a third of its letters differ.
pub fn nearest<'a>(found: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (found.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|c| (distance(&found.to_lowercase(), &c.to_lowercase()), c))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, c)| (*d, *c))
        .map(|(_, c)| c)
}

/// What to do about an unknown name: the nearest known one, or what `otherwise` says of all of them, joined.
pub fn hint(found: &str, names: &[&str], otherwise: impl FnOnce(&str) -> String) -> String {
    match nearest(found, names.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => otherwise(&names.join(", ")),
    }
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        let mut next = vec![left];
        for (cb, above) in b.iter().zip(row.iter().skip(1)) {
            let replaced = diagonal.saturating_add(usize::from(ca != *cb));
            left = replaced.min(above.saturating_add(1)).min(left.saturating_add(1));
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_a_stranger_is_not() {
        assert_eq!(
            nearest("autotermination_minuts", ["autotermination_minutes", "x"]),
            Some("autotermination_minutes")
        );
        assert_eq!(nearest("spot-mx", ["runtime", "spot-mix"]), Some("spot-mix"));
        assert_eq!(nearest("zzz", ["runtime", "spot-mix"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
