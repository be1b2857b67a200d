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
    /// How long the steps of a start take, one part per machine.
    Steps,
    /// Everything that can happen to one machine: eviction, loss, a full disk.
    Machine,
    /// Whether the cloud has a machine to give.
    Capacity,
    /// Whether an init script fails.
    InitScripts,
    /// What can happen to a running cluster.
    Health,
    /// How long the tear-down of a cluster or an instance takes.
    Termination,
    /// How long the other things that happen to a cluster take: recovery, pauses, autoscaling.
    Delay,
    /// How long work lasts, and each of its tasks.
    Work,
    /// Commands of a session: how many, how long the pauses.
    Session,
    /// Whether an attempt of a task fails.
    Attempt,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Purpose::ClusterId => "cluster_id",
            Purpose::JobId => "job_id",
            Purpose::InstanceId => "instance_id",
            Purpose::Steps => "steps",
            Purpose::Machine => "machine",
            Purpose::Capacity => "capacity",
            Purpose::InitScripts => "init_scripts",
            Purpose::Health => "health",
            Purpose::Termination => "termination",
            Purpose::Delay => "delay",
            Purpose::Work => "work",
            Purpose::Session => "session",
            Purpose::Attempt => "attempt",
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
        scaled(number, limit)
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
        // One buffer, hashed at once: a hasher that is fed piece by piece takes three times as long.
        let mut told = Vec::with_capacity(128);
        told.extend_from_slice(&self.seed.to_le_bytes());
        for text in [object, purpose.as_str()] {
            // The length before the text keeps `ab`+`c` apart from `a`+`bc`.
            told.extend_from_slice(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
            told.extend_from_slice(text.as_bytes());
        }
        for n in index {
            told.extend_from_slice(&n.to_le_bytes());
        }
        let mut stream = blake3::Hasher::new().update(&told).finalize_xof();
        [(); N].map(|()| {
            let mut bytes = [0; 8];
            stream.fill(&mut bytes);
            u64::from_le_bytes(bytes)
        })
    }
}

/// The draws of one object for one purpose, numbered: many draws for the price of one hash. Like [`Draws`] it has no
/// state, so a number depends on what it is for and never on when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawKey(u64);

impl Draws {
    /// The numbered draws of an object for a purpose.
    pub fn key(&self, object: &str, purpose: Purpose, index: &[u64]) -> DrawKey {
        let [number] = self.numbers(object, purpose, index);
        DrawKey(number)
    }
}

impl DrawKey {
    /// The draws of a part of the object.
    pub fn part(self, index: u64) -> DrawKey {
        DrawKey(self.number(index))
    }

    /// A number of the range, each as likely as the others.
    pub fn within(self, range: Between, index: u64) -> u32 {
        let width = u64::from(range.max.saturating_sub(range.min)).saturating_add(1);
        let drawn = self.below(width, index);
        range.min.saturating_add(u32::try_from(drawn).unwrap_or(u32::MAX))
    }

    /// A number from 0 up to, not including, `limit`.
    pub fn below(self, limit: u64, index: u64) -> u64 {
        scaled(self.number(index), limit)
    }

    /// The second, counted from 0, at which something with a chance per hour first happens, if it does within so many
    /// seconds. Each hour has its own draw, and the second in that hour another.
    pub fn first_within(self, per_million_hours: u32, seconds: i64) -> Option<i64> {
        if per_million_hours == 0 {
            return None;
        }
        (0_u32..)
            .take_while(|hour| i64::from(*hour) * 3600 < seconds)
            .find(|hour| self.below(1_000_000, u64::from(*hour)) < u64::from(per_million_hours))
            .map(|hour| {
                let within = self.part(u64::MAX).below(3600, u64::from(hour));
                i64::from(hour) * 3600 + i64::try_from(within).unwrap_or_default()
            })
            .filter(|second| *second < seconds)
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014): its output for consecutive indices passes the usual test batteries.
    fn number(self, index: u64) -> u64 {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.wrapping_add(index.wrapping_add(1).wrapping_mul(GOLDEN));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// The upper half of the product maps 2^64 numbers evenly onto `limit` of them.
fn scaled(number: u64, limit: u64) -> u64 {
    let product = u128::from(number).saturating_mul(u128::from(limit));
    u64::try_from(product >> 64).unwrap_or_default()
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
            draw(&draws, "a", Purpose::Steps, &[1]),
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

    /// The first outputs of SplitMix64 for the state 0, as Vigna's reference program prints them.
    #[test]
    fn numbered_draws_are_splitmix64() {
        let zero = DrawKey(0);
        assert_eq!(
            [zero.number(0), zero.number(1), zero.number(2)],
            [
                0xe220_a839_7b1d_cdaf,
                0x6e78_9e6a_a1b9_65f4,
                0x06c4_5d18_8009_454f
            ]
        );
        let key = Draws::new(7).key("a", Purpose::Work, &[1]);
        assert!((0..1000).all(|i| (3..=6).contains(&key.within(Between { min: 3, max: 6 }, i))));
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
