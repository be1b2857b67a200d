//! Billing increments: for how long a machine is billed that has lived for so many seconds.

/// How the time of a meter is rounded: up to whole increments, and never below a minimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Increment {
    /// Seconds that are billed whole; 1 bills every second, and nothing more.
    seconds: u32,
    /// Fewest seconds of one machine; 0 where there is no minimum.
    minimum_seconds: u32,
}

/// Most seconds of an increment or a minimum: a day.
pub const MOST_SECONDS: u32 = 86_400;

/// An increment that bills nothing, or more than a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is {found}; expected {least} to {MOST_SECONDS} seconds")]
pub struct NotAnIncrement {
    /// Which of the two numbers.
    pub name: &'static str,
    /// Its value.
    pub found: u32,
    /// The least it may be.
    pub least: u32,
}

impl Increment {
    /// Every second is billed, and no second more.
    pub const PER_SECOND: Increment = Increment {
        seconds: 1,
        minimum_seconds: 0,
    };

    /// Whole increments of so many seconds, at least the minimum.
    ///
    /// # Errors
    /// [`NotAnIncrement`].
    pub fn new(seconds: u32, minimum_seconds: u32) -> Result<Increment, NotAnIncrement> {
        for (name, found, least) in [
            ("increment_seconds", seconds, 1),
            ("minimum_seconds", minimum_seconds, 0),
        ] {
            if found < least || found > MOST_SECONDS {
                return Err(NotAnIncrement { name, found, least });
            }
        }
        Ok(Increment {
            seconds,
            minimum_seconds,
        })
    }

    /// Seconds that are billed for a life of so many. What has not lived for a second is not billed.
    pub fn billed(self, lived: i64) -> i64 {
        if lived <= 0 {
            return 0;
        }
        let each = i64::from(self.seconds.max(1));
        let rest = lived.rem_euclid(each);
        let rounded = match rest {
            0 => lived,
            rest => lived.saturating_add(each.saturating_sub(rest)),
        };
        rounded.max(i64::from(self.minimum_seconds))
    }
}

impl Default for Increment {
    fn default() -> Increment {
        Increment::PER_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_billed_in_whole_increments_and_at_least_for_the_minimum() {
        let by = |seconds, minimum| Increment::new(seconds, minimum).unwrap();
        for (increment, lived, billed) in [
            (Increment::PER_SECOND, 1, 1),
            (Increment::PER_SECOND, 59, 59),
            (by(1, 60), 1, 60),
            (by(1, 60), 60, 60),
            (by(1, 60), 61, 61),
            (by(60, 0), 1, 60),
            (by(60, 0), 60, 60),
            (by(60, 0), 61, 120),
            (by(60, 600), 601, 660),
            (by(60, 600), 540, 600),
            // A minimum that is no whole number of increments counts as it is.
            (by(60, 90), 30, 90),
            (by(60, 90), 91, 120),
            (by(1, 60), 0, 0),
        ] {
            assert_eq!(increment.billed(lived), billed, "{increment:?} {lived}");
        }
    }

    #[test]
    fn what_bills_nothing_or_more_than_a_day_is_no_increment() {
        assert_eq!(Increment::new(0, 60).unwrap_err().name, "increment_seconds");
        assert_eq!(Increment::new(60, 86_401).unwrap_err().name, "minimum_seconds");
    }
}
