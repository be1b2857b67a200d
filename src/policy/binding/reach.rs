//! Which bindings can ever decide.

use super::{Binding, Condition};

/// Whether a binding can decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// It can, as far as patterns tell.
    Open,
    /// Wherever it holds, this earlier binding has decided.
    Behind(usize),
}

/// Whether the binding at a place can decide. That it cannot is certain; of one that several earlier ones cover together
/// nothing is said.
pub fn reach(bindings: &[Binding], place: usize) -> Reach {
    let Some(binding) = bindings.get(place) else {
        return Reach::Open;
    };
    let mut earlier = bindings.iter().take(place);
    earlier
        .position(|wide| covers(&wide.conditions, &binding.conditions))
        .map_or(Reach::Open, Reach::Behind)
}

/// Whether the first hold wherever the second do: each asks of a field no more than one of those asks of it.
fn covers(wide: &[Condition], narrow: &[Condition]) -> bool {
    wide.iter().all(|condition| {
        let mut same_field = narrow.iter().filter(|other| other.field == condition.field);
        same_field.any(|other| other.patterns.iter().all(|pattern| condition.covers(pattern)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::binding::{Bindings, Bound, Field, Seen, Unbound};
    use proptest::prelude::*;

    fn bindings(told: &[Vec<(usize, Vec<String>)>]) -> Vec<Binding> {
        let fields = [Field::Path, Field::Job, Field::Tag("t".to_owned())];
        let conditions = |told: &Vec<(usize, Vec<String>)>| {
            let made = told.iter().map(|(field, patterns)| Condition {
                field: fields[*field].clone(),
                patterns: patterns.clone(),
            });
            made.collect()
        };
        (1..)
            .zip(told)
            .map(|(line, told)| Binding {
                policy: Some(format!("p-{line}")),
                conditions: conditions(told),
                line,
            })
            .collect()
    }

    #[test]
    fn a_binding_behind_a_wider_one_cannot_be_reached() {
        let one = |field, patterns: &[&str]| (field, patterns.iter().map(|p| (*p).to_owned()).collect());
        let all = bindings(&[
            vec![one(0, &["teams/**"])],
            vec![one(0, &["teams/*/x.json", "teams/a"]), one(1, &["a"])],
            vec![one(0, &["teams/*", "other"])],
            vec![one(1, &["*"])],
            vec![one(1, &["a"]), one(2, &["b"])],
            vec![],
            vec![one(2, &["b"])],
        ]);
        let found: Vec<Reach> = (0..all.len()).map(|place| reach(&all, place)).collect();
        let (open, behind) = (Reach::Open, Reach::Behind);
        assert_eq!(
            found,
            [
                open.clone(),
                behind(0),
                open.clone(),
                open.clone(),
                behind(3),
                open,
                behind(5)
            ]
        );
    }

    proptest! {
        #[test]
        fn what_cannot_be_reached_never_decides(
            told in prop::collection::vec(prop::collection::vec((0_usize..3, prop::collection::vec("[ab*/]{1,3}", 1..3)), 0..3), 1..5),
            values in prop::collection::vec("[ab/]{0,3}", 3),
        ) {
            let all = bindings(&told);
            let reached: Vec<Reach> = (0..all.len()).map(|place| reach(&all, place)).collect();
            let all = Bindings { bindings: all, unbound: Unbound::Error, source: String::new() };
            let see = |field: &Field| Seen::Known(match field {
                Field::Path => values[0].clone(),
                Field::Job => values[1].clone(),
                _ => values[2].clone(),
            });
            if let Bound::To(binding) = all.decide(&see) {
                prop_assert_eq!(&reached[binding.line - 1], &Reach::Open);
            }
        }
    }
}
