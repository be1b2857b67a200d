//! Seeded numbers. A draw belongs to its object: it is the hash of the seed, the object's name, the purpose
//! and an index, so that adding an object never changes what another one drew. There is no generator with
//! a state, hence no order of drawing.

use super::between::Between;

/// What a number is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The random part of a `cluster_id`.
    ClusterId,
    /// A `job_id`.
    JobId,
    /// An instance id.
    InstanceId,
    /// How long a machine takes from being asked for to being usable.
    ColdStart,
    /// How long a machine that a pool held ready takes.
    WarmStart,
    /// How long the tear-down of a cluster takes.
    Termination,
    /// How long a session or a run works.
    Work,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Purpose::ClusterId => "cluster_id",
            Purpose::JobId => "job_id",
            Purpose::InstanceId => "instance_id",
            Purpose::ColdStart => "cold_start",
            Purpose::WarmStart => "warm_start",
            Purpose::Termination => "termination",
            Purpose::Work => "work",
        }
    }
}

/// Letters of the random part of a `cluster_id`.
const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// The source of all chance in a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    seed: u64,
}

impl Draws {
    /// Draws under a seed.
    pub fn new(seed: u64) -> Draws {
        Draws { seed }
    }

    /// A number of the range, each as likely as the others.
    pub fn within(&self, range: Between, object: &str, purpose: Purpose, index: &[u64]) -> u32 {
        let width = u64::from(range.max.saturating_sub(range.min)).saturating_add(1);
        let drawn = self.below(width, object, purpose, index);
        range.min.saturating_add(u32::try_from(drawn).unwrap_or(u32::MAX))
    }

    /// A number from 0 up to, not including, `limit`.
    pub fn below(&self, limit: u64, object: &str, purpose: Purpose, index: &[u64]) -> u64 {
        let [number] = self.numbers(object, purpose, index);
        // The upper half of the product maps 2^64 numbers evenly onto `limit` of them.
        let product = u128::from(number).saturating_mul(u128::from(limit));
        u64::try_from(product >> 64).unwrap_or_default()
    }

    /// Eight letters and digits.
    pub fn letters(&self, object: &str, purpose: Purpose, index: &[u64]) -> String {
        let numbers: [u64; 8] = self.numbers(object, purpose, index);
        let letter = |n: &u64| {
            let at = usize::try_from(n.rem_euclid(36)).unwrap_or_default();
            LETTERS.get(at).copied().map_or('a', char::from)
        };
        numbers.iter().map(letter).collect()
    }

    /// 32 hexadecimal digits.
    pub fn hex(&self, object: &str, purpose: Purpose, index: &[u64]) -> String {
        let [a, b] = self.numbers(object, purpose, index);
        format!("{a:016x}{b:016x}")
    }

    fn numbers<const N: usize>(&self, object: &str, purpose: Purpose, index: &[u64]) -> [u64; N] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes());
        for text in [object, purpose.as_str()] {
            // The length before the text keeps `ab`+`c` apart from `a`+`bc`.
            hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        for n in index {
            hasher.update(&n.to_le_bytes());
        }
        let mut stream = hasher.finalize_xof();
        [(); N].map(|()| {
            let mut bytes = [0; 8];
            stream.fill(&mut bytes);
            u64::from_le_bytes(bytes)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_each_of_its_parts_and_on_nothing_else() {
        let draws = Draws::new(7);
        let draw = |d: &Draws, object, purpose, index: &[u64]| d.below(u64::MAX, object, purpose, index);
        let first = draw(&draws, "a", Purpose::Work, &[1]);
        assert_eq!(draw(&draws, "a", Purpose::Work, &[1]), first);
        for other in [
            draw(&Draws::new(8), "a", Purpose::Work, &[1]),
            draw(&draws, "b", Purpose::Work, &[1]),
            draw(&draws, "a", Purpose::ColdStart, &[1]),
            draw(&draws, "a", Purpose::Work, &[2]),
            draw(&draws, "a", Purpose::Work, &[1, 0]),
        ] {
            assert_ne!(other, first);
        }
    }

    #[test]
    fn a_range_is_kept_and_both_its_ends_are_reached() {
        let draws = Draws::new(1);
        let range = Between { min: 3, max: 6 };
        let mut seen: Vec<u32> = (0..200)
            .map(|i| draws.within(range, "x", Purpose::Work, &[i]))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [3, 4, 5, 6]);
        assert_eq!(draws.within(Between::exactly(9), "x", Purpose::Work, &[0]), 9);
        let whole = Between {
            min: 0,
            max: u32::MAX,
        };
        assert!(draws.within(whole, "x", Purpose::Work, &[0]) > 0);
    }

    #[test]
    fn ids_have_their_shape() {
        let draws = Draws::new(1);
        let letters = draws.letters("x", Purpose::ClusterId, &[]);
        assert!(
            letters.len() == 8 && letters.bytes().all(|b| LETTERS.contains(&b)),
            "{letters}"
        );
        assert_eq!(draws.hex("x", Purpose::InstanceId, &[0]).len(), 32);
    }
}
