//! Texts that a regular expression probably matches, made of its literal parts.
//!
//! Whoever asks holds each against the pattern itself, so a construct that is not understood here costs a sample, never
//! a wrong one.

/// Deepest nesting of groups that is followed.
const MAX_DEPTH: usize = 20;
/// Longest sample.
const MAX_CHARACTERS: usize = 200;

/// Texts that the pattern probably matches, the plainest first; none where the pattern is not understood.
pub(super) fn pattern_samples(pattern: &str) -> Vec<String> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut parser = Parser {
        characters: &characters,
        at: 0,
    };
    let Some(alternatives) = parser.alternatives(0) else {
        return Vec::new();
    };
    if parser.at < characters.len() {
        return Vec::new();
    }
    let mut samples = Vec::new();
    for more in 0..2 {
        for pick in 0..3 {
            let mut sample = String::new();
            write(&alternatives, Choice { more, pick }, &mut sample);
            if sample.chars().count() <= MAX_CHARACTERS && !samples.contains(&sample) {
                samples.push(sample);
            }
        }
    }
    samples
}

/// What is taken where a pattern leaves a choice.
#[derive(Clone, Copy)]
struct Choice {
    /// Repetitions beyond the fewest.
    more: usize,
    /// Which alternative, and which character of a class.
    pick: usize,
}

/// One of these.
type Alternatives = Vec<Sequence>;
/// One after the other.
type Sequence = Vec<Repeated>;

struct Repeated {
    what: Atom,
    fewest: usize,
    most: usize,
}

enum Atom {
    /// Any of these characters.
    Characters(Vec<char>),
    Group(Alternatives),
    /// An anchor, a flag: matches between characters.
    Nothing,
}

fn write(alternatives: &Alternatives, choice: Choice, out: &mut String) {
    let Some(sequence) = pick(alternatives, choice.pick) else {
        return;
    };
    for part in sequence {
        let times = part
            .fewest
            .saturating_add(choice.more)
            .min(part.most)
            .min(MAX_CHARACTERS);
        for _ in 0..times {
            if out.len() > MAX_CHARACTERS.saturating_mul(4) {
                return;
            }
            match &part.what {
                Atom::Characters(characters) => out.extend(pick(characters, choice.pick)),
                Atom::Group(inner) => write(inner, choice, out),
                Atom::Nothing => {}
            }
        }
    }
}

/// The item of an index, or the last one.
fn pick<T>(items: &[T], index: usize) -> Option<&T> {
    items.get(index.min(items.len().saturating_sub(1)))
}

struct Parser<'a> {
    characters: &'a [char],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.at = self.at.saturating_add(1);
        Some(found)
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at = self.at.saturating_add(1);
        }
        found
    }

    fn alternatives(&mut self, depth: usize) -> Option<Alternatives> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut all = vec![self.sequence(depth)?];
        while self.take('|') {
            all.push(self.sequence(depth)?);
        }
        Some(all)
    }

    fn sequence(&mut self, depth: usize) -> Option<Sequence> {
        let mut sequence = Sequence::new();
        while let Some(next) = self.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            let what = self.atom(depth)?;
            let (fewest, most) = self.repetition()?;
            sequence.push(Repeated { what, fewest, most });
        }
        Some(sequence)
    }

    fn atom(&mut self, depth: usize) -> Option<Atom> {
        Some(match self.next()? {
            '^' | '$' => Atom::Nothing,
            '.' => Atom::Characters(vec!['a', '1', '-']),
            '(' => self.group(depth)?,
            '[' => Atom::Characters(self.class()?),
            '\\' => match self.next()? {
                'A' | 'z' | 'Z' | 'b' => Atom::Nothing,
                escaped => Atom::Characters(escape(escaped)?),
            },
            '*' | '+' | '?' | '{' => return None,
            literal => Atom::Characters(vec![literal]),
        })
    }

    /// A group; flags in front are left out, look-around is not understood.
    fn group(&mut self, depth: usize) -> Option<Atom> {
        if self.take('?') {
            loop {
                match self.next()? {
                    ':' => break,
                    ')' => return Some(Atom::Nothing),
                    'P' if self.peek() == Some('<') => {}
                    '<' if !matches!(self.peek(), Some('=' | '!')) => {
                        while self.next()? != '>' {}
                        break;
                    }
                    flag if flag.is_ascii_lowercase() || flag == '-' => {}
                    _ => return None,
                }
            }
        }
        let inner = self.alternatives(depth.saturating_add(1))?;
        self.take(')').then_some(Atom::Group(inner))
    }

    /// How often; signs that only change which match is found are passed over.
    fn repetition(&mut self) -> Option<(usize, usize)> {
        let times = match self.peek() {
            Some('*') => (0, usize::MAX),
            Some('+') => (1, usize::MAX),
            Some('?') => (0, 1),
            Some('{') => return self.bounds(),
            _ => return Some((1, 1)),
        };
        self.at = self.at.saturating_add(1);
        self.take('?');
        Some(times)
    }

    /// `{2}`, `{1,}`, `{1,3}`.
    fn bounds(&mut self) -> Option<(usize, usize)> {
        let rest = self.characters.get(self.at.saturating_add(1)..)?;
        let end = rest.iter().position(|c| *c == '}')?;
        let inside: String = rest.iter().take(end).collect();
        self.at = self.at.saturating_add(end).saturating_add(2);
        self.take('?');
        let (fewest, most) = inside.split_once(',').unwrap_or((&inside, &inside));
        let fewest = fewest.trim().parse().ok()?;
        let most = match most.trim() {
            "" => usize::MAX,
            most => most.parse().ok()?,
        };
        Some((fewest, most))
    }

    /// The inside of `[...]`: of each range its first character.
    fn class(&mut self) -> Option<Vec<char>> {
        let negated = self.take('^');
        let mut ranges: Vec<(char, char)> = Vec::new();
        let mut first = true;
        loop {
            let next = self.next()?;
            match next {
                ']' if !first => break,
                // A class in a class, or an intersection.
                '[' => return None,
                '&' if self.peek() == Some('&') => return None,
                _ => {}
            }
            first = false;
            let from = match next {
                '\\' => {
                    let set = escape(self.next()?)?;
                    match set.as_slice() {
                        [one] => *one,
                        set => {
                            ranges.extend(set.iter().map(|c| (*c, *c)));
                            continue;
                        }
                    }
                }
                literal => literal,
            };
            let is_range = self.peek() == Some('-')
                && self
                    .characters
                    .get(self.at.saturating_add(1))
                    .is_some_and(|c| !matches!(c, ']' | '\\'));
            if is_range {
                self.at = self.at.saturating_add(1);
                ranges.push((from, self.next()?));
            } else {
                ranges.push((from, from));
            }
        }
        if negated {
            let outside = |c: &char| !ranges.iter().any(|(from, to)| from <= c && c <= to);
            let found: Vec<char> = ['a', 'A', '0', '-', '_', '.', '/', ' ']
                .into_iter()
                .filter(outside)
                .collect();
            return (!found.is_empty()).then_some(found);
        }
        Some(ranges.into_iter().map(|(from, _)| from).collect())
    }
}

/// What an escape stands for; none for what is not understood (back-references, classes of Unicode).
fn escape(escaped: char) -> Option<Vec<char>> {
    Some(match escaped {
        'd' => vec!['1', '2', '0'],
        'w' => vec!['a', '1', '_'],
        's' => vec![' '],
        'D' | 'S' => vec!['a', '-'],
        'W' => vec!['-', ' '],
        't' => vec!['\t'],
        'n' => vec!['\n'],
        'r' => vec!['\r'],
        other if other.is_ascii_alphanumeric() => return None,
        other => vec![other],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_policy_language::Pattern;

    #[test]
    fn patterns_that_people_write_have_a_sample() {
        for pattern in [
            r"([rcizm]+[3-8]+[idn]*\.[0-9]{0,2}xlarge)",
            r"Standard_[DLS]*[1-6]{1,2}_v[2,3]",
            r"6\.[0-9]+\.x-scala.*",
            "^SPOT.*",
            ".*<required-content>.*",
            "etl-[a-z0-9]*|bi-.*",
            r"^(?:prod|dev)-\d{4}$",
            r"(?i)team-(\w+)",
            r"[^a-z]{3}",
            r"(?P<n>a)b?c+?",
            "[a-z0-9._%+-]+@example\\.com",
            "arn:aws:iam::\\d{12}:instance-profile/.*",
            "[]a]x",
            "",
        ] {
            let compiled = Pattern::new(pattern).unwrap();
            let samples = pattern_samples(pattern);
            assert!(
                samples.iter().any(|s| compiled.matches(s)),
                "{pattern}: {samples:?}"
            );
        }
    }

    #[test]
    fn what_is_not_understood_has_none() {
        for pattern in [r"(?=a)b", r"(a)\1", r"\p{L}+", "[a&&b]", "(", "*a", "a)"] {
            assert!(pattern_samples(pattern).is_empty(), "{pattern}");
        }
        assert!(pattern_samples(&"(".repeat(10_000)).is_empty());
        // A pattern that asks for much is left alone instead of filling the memory.
        assert!(pattern_samples("((a{1000}){1000}){1000}").len() <= 6);
    }
}
