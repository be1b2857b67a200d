//! Whose rows are, by number: a subject is ten numbers of texts until it is billed.

use std::sync::Arc;

use crate::ledger::terms::subject_fields;
use crate::model::tags::Tags;
use crate::model::usage::Subject;

/// Subjects that are made of their texts and kept, since a ledger knows them by their address.
const SHARED: usize = 65_536;
/// Bytes of a subject beside its texts, and of a text beside its letters: what the maps take, measured generously.
const SUBJECT_BYTES: usize = 150;
const TEXT_BYTES: usize = 100;

type Parts = [u32; 10];

/// A map whose hash is quick and, being seeded, nothing that the names of a file could be chosen against.
type HashMap<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// Subjects, each with a number.
#[derive(Default)]
pub(super) struct Subjects {
    texts: HashMap<Arc<str>, u32>,
    text_of: Vec<Arc<str>>,
    numbers: HashMap<Parts, u32>,
    parts_of: Vec<Parts>,
    shared: HashMap<u32, Arc<Subject>>,
    letters: usize,
}

impl Subjects {
    /// The number of a subject.
    pub fn number(&mut self, subject: &Subject) -> u32 {
        let parts = subject_fields(subject).map(|text| self.text(text));
        let next = narrow(self.parts_of.len());
        let number = *self.numbers.entry(parts).or_insert(next);
        if number == next {
            self.parts_of.push(parts);
        }
        number
    }

    fn text(&mut self, text: &str) -> u32 {
        if let Some(known) = self.texts.get(text) {
            return *known;
        }
        let number = narrow(self.text_of.len());
        let shared: Arc<str> = Arc::from(text);
        self.letters = self.letters.saturating_add(text.len());
        self.text_of.push(Arc::clone(&shared));
        self.texts.insert(shared, number);
        number
    }

    /// The subject of a number, from its texts in the order of [`subject_fields`]; no number, no texts.
    pub fn subject(&mut self, number: u32) -> Arc<Subject> {
        if let Some(known) = self.shared.get(&number) {
            return Arc::clone(known);
        }
        let parts = usize::try_from(number).ok().and_then(|at| self.parts_of.get(at));
        let texts = parts.copied().unwrap_or_default().map(|part| {
            let text = usize::try_from(part).ok().and_then(|at| self.text_of.get(at));
            text.map_or(String::new(), |text| text.to_string())
        });
        let [
            workspace,
            team,
            cluster_id,
            cluster_name,
            job_name,
            run_id,
            pool,
            owner,
            policy,
            tags,
        ] = texts;
        let subject = Arc::new(Subject {
            workspace,
            team,
            cluster_id,
            cluster_name,
            job_name,
            run_id,
            pool,
            owner,
            policy,
            // It was made of tags.
            tags: Tags::parse(tags).unwrap_or_default(),
        });
        if self.shared.len() >= SHARED {
            self.shared.clear();
        }
        self.shared.insert(number, Arc::clone(&subject));
        subject
    }

    /// Bytes that they take, about.
    pub fn bytes(&self) -> usize {
        let subjects = self.parts_of.len().saturating_mul(SUBJECT_BYTES);
        let texts = self.text_of.len().saturating_mul(TEXT_BYTES);
        subjects.saturating_add(texts).saturating_add(self.letters)
    }
}

/// A place among fewer than 2^32.
pub(super) fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_what_they_were() {
        let subject = |n: usize| Subject {
            workspace: "w".to_owned(),
            team: format!("t{}", n % 3),
            run_id: n.to_string(),
            policy: "w".to_owned(),
            tags: Tags::of([("n", if n.is_multiple_of(2) { "even" } else { "odd" })]),
            ..Subject::default()
        };
        let mut subjects = Subjects::default();
        let numbers: Vec<u32> = (0..100).map(|n| subjects.number(&subject(n))).collect();
        assert_eq!(subjects.number(&subject(7)), numbers[7]);
        for (n, number) in numbers.iter().enumerate() {
            assert_eq!(*subjects.subject(*number), subject(n));
        }
        // `w`, three teams, 100 runs, two tags, the empty text.
        assert_eq!((subjects.parts_of.len(), subjects.text_of.len()), (100, 107));
    }
}
