//! Words of questions and sentences: by their stems, as the index sees them, with what a reader sees besides: names,
//! numbers, and what kind of thing a question asks for.

use std::collections::{HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;

use super::vocabulary;
use crate::bm25::Bm25;

/// A word's stem, as the index numbers it.
pub(super) type Stem = u32;

/// Words so far apart are near each other.
const NEAR_MAX: usize = 3;

/// What a question asks for, as far as its first words tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asked {
    Number,
    Time,
    /// A person, a place, something with a name.
    Name,
    Other,
}

/// A question taken apart.
#[derive(Debug)]
pub(super) struct QuestionWords {
    /// Stems that carry meaning, with their weight; weights sum to 1 unless there are none.
    pub(super) weights: HashMap<Stem, f32>,
    /// Those of names and numbers.
    pub(super) names: HashSet<Stem>,
    pub(super) asked: Asked,
    /// Stems that follow each other.
    pairs: Vec<(Stem, Stem)>,
    surfaces: HashSet<String>,
}

/// A sentence taken apart.
#[derive(Debug)]
pub(super) struct SentenceWords {
    pub(super) stems: HashSet<Stem>,
    /// The places of each, counted without stop words.
    places: HashMap<Stem, Vec<usize>>,
    has_number: bool,
    has_time: bool,
    has_name: bool,
    pub(super) count: usize,
}

impl QuestionWords {
    /// `documents` are the stems of each text that was found: a word that few of them hold weighs more.
    pub(super) fn new(bm25: &Bm25, question: &str, documents: &[HashSet<Stem>]) -> Self {
        let mut weights: HashMap<Stem, f32> = HashMap::new();
        let mut names = HashSet::new();
        let mut order = Vec::new();
        for (index, word) in question.unicode_words().enumerate() {
            let Some(stem) = stem(bm25, word) else {
                continue;
            };
            let lower = word.to_lowercase();
            if vocabulary::COMMON.contains(lower.as_str()) {
                continue;
            }
            let holding = documents
                .iter()
                .filter(|stems| stems.contains(&stem))
                .count();
            let total = documents.len() as f32;
            let rarity = (1.0 + (total + 1.0) / (holding as f32 + 0.5)).ln();
            weights.insert(stem, rarity);
            order.push(stem);
            if is_number(word) || index > 0 && is_capitalised(word) {
                names.insert(stem);
            }
        }
        let sum: f32 = weights.values().sum();
        for weight in weights.values_mut() {
            *weight /= sum;
        }
        Self {
            weights,
            names,
            asked: asked(question),
            pairs: order.windows(2).map(|pair| (pair[0], pair[1])).collect(),
            surfaces: question.unicode_words().map(str::to_lowercase).collect(),
        }
    }

    /// The share of the question's words that `stems` hold, by weight.
    pub(super) fn coverage(&self, stems: &HashSet<Stem>) -> f32 {
        let held = self.weights.iter().filter(|(stem, _)| stems.contains(stem));
        held.map(|(_, weight)| weight).sum()
    }

    /// The share of the question's names and numbers that `stems` lack.
    pub(super) fn names_missing(&self, stems: &HashSet<Stem>) -> f32 {
        if self.names.is_empty() {
            return 0.0;
        }
        let missing = self.names.iter().filter(|stem| !stems.contains(stem));
        missing.count() as f32 / self.names.len() as f32
    }

    /// The weight of the heaviest word that `stems` lack.
    pub(super) fn heaviest_missing(&self, stems: &HashSet<Stem>) -> f32 {
        let missing = self
            .weights
            .iter()
            .filter(|(stem, _)| !stems.contains(stem));
        missing.map(|(_, weight)| *weight).fold(0.0, f32::max)
    }

    /// The share of the question's pairs of neighbours that stand near each other in a sentence.
    pub(super) fn pairs_near(&self, sentence: &SentenceWords) -> f32 {
        if self.pairs.is_empty() {
            return self.coverage(&sentence.stems);
        }
        let near = self.pairs.iter().filter(|(a, b)| {
            let places = |stem| sentence.places.get(stem).map_or(&[][..], Vec::as_slice);
            let others = places(b);
            places(a)
                .iter()
                .any(|a| others.iter().any(|b| a.abs_diff(*b) <= NEAR_MAX))
        });
        near.count() as f32 / self.pairs.len() as f32
    }

    pub(super) fn sentence(&self, bm25: &Bm25, sentence: &str) -> SentenceWords {
        let mut words = SentenceWords {
            stems: HashSet::new(),
            places: HashMap::new(),
            has_number: false,
            has_time: false,
            has_name: false,
            count: 0,
        };
        for word in sentence.unicode_words() {
            words.count += 1;
            let lower = word.to_lowercase();
            let stem = stem(bm25, word);
            if let Some(stem) = stem {
                let place = words.stems.len();
                words.stems.insert(stem);
                words.places.entry(stem).or_default().push(place);
            }
            if self.surfaces.contains(&lower) {
                continue;
            }
            words.has_number |= is_number(word) || vocabulary::NUMBERS.contains(lower.as_str());
            words.has_time |= is_number(word) || vocabulary::TIMES.contains(lower.as_str());
            // Any word is capitalised at the front; one that carries meaning may be a name.
            let may_be_name =
                words.count > 1 || stem.is_some() && !vocabulary::COMMON.contains(lower.as_str());
            words.has_name |= may_be_name && is_capitalised(word);
        }
        words
    }
}

impl SentenceWords {
    /// Whether the sentence holds something of the kind that is asked for and that the question does not hold itself.
    pub(super) fn offers(&self, asked: Asked) -> bool {
        match asked {
            Asked::Number => self.has_number,
            Asked::Time => self.has_time,
            Asked::Name => self.has_name,
            Asked::Other => true,
        }
    }
}

/// All stems of a text but those of stop words.
pub(super) fn stems(bm25: &Bm25, text: &str) -> HashSet<Stem> {
    bm25.query(text).indices.into_iter().collect()
}

/// `None` for stop words.
pub(super) fn stem(bm25: &Bm25, word: &str) -> Option<Stem> {
    bm25.query(word).indices.first().copied()
}

/// Words of a question that carry meaning, as they stand there.
pub(super) fn content_words<'a>(bm25: &Bm25, question: &'a str) -> Vec<&'a str> {
    let carries = |word: &&str| {
        stem(bm25, word).is_some() && !vocabulary::COMMON.contains(word.to_lowercase().as_str())
    };
    question.unicode_words().filter(carries).collect()
}

pub(super) fn is_number(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit())
}

pub(super) fn is_capitalised(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}

fn asked(question: &str) -> Asked {
    let words: Vec<String> = question.unicode_words().map(str::to_lowercase).collect();
    for (index, word) in words.iter().enumerate() {
        let next = words.get(index + 1).map_or("", String::as_str);
        match word.as_str() {
            "who" | "whom" | "whose" | "where" => return Asked::Name,
            "when" if index == 0 || next != "the" => return Asked::Time,
            "how" => match next {
                "many" | "much" | "old" | "far" | "tall" | "big" | "large" | "high" | "deep"
                | "fast" | "heavy" => return Asked::Number,
                "long" | "often" | "late" | "early" | "soon" => return Asked::Number,
                _ => {}
            },
            "what" | "which" => {
                // The noun may follow an adjective: "what total amount", "which early year".
                for noun in words.iter().skip(index + 1).take(2) {
                    match noun.as_str() {
                        "year" | "years" | "date" | "day" | "month" | "century" | "decade"
                        | "era" | "period" => return Asked::Time,
                        "percentage" | "percent" | "number" | "amount" | "proportion"
                        | "population" | "distance" | "price" | "cost" | "size" | "age"
                        | "temperature" => return Asked::Number,
                        "city" | "country" | "state" | "company" | "team" | "player" | "person"
                        | "man" | "woman" | "king" | "queen" | "author" | "nation" | "river"
                        | "university" | "school" | "county" => return Asked::Name,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Asked::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_questions() {
        for (question, expected) in [
            (
                "How many points did the Panthers defense surrender?",
                Asked::Number,
            ),
            ("What percentage of people agreed?", Asked::Number),
            ("When did it happen?", Asked::Time),
            ("In what year was he born?", Asked::Time),
            ("Who wrote it?", Asked::Name),
            ("Which city hosted it?", Asked::Name),
            ("Why is the sky blue?", Asked::Other),
            ("Do you know anything about the Wilymajinkas?", Asked::Other),
        ] {
            assert_eq!(asked(question), expected, "{question}");
        }
    }

    #[test]
    fn coverage_counts_words_by_stem_and_leaves_small_talk_out() {
        let bm25 = Bm25::new().unwrap();
        let words = QuestionWords::new(&bm25, "Do you know anything about the Wilymajinkas?", &[]);
        assert_eq!(words.weights.len(), 1);
        let held = stems(&bm25, "The Wilymajinkas are a tribe.");
        assert!((words.coverage(&held) - 1.0).abs() < 1e-6);
        assert_eq!(words.coverage(&stems(&bm25, "Pandora is a moon.")), 0.0);
        let words = QuestionWords::new(&bm25, "How many points were surrendered?", &[]);
        let sentence = words.sentence(&bm25, "They surrender 308 points.");
        assert!((words.coverage(&sentence.stems) - 1.0).abs() < 1e-6);
        assert!(sentence.offers(words.asked));
        assert!(
            !words
                .sentence(&bm25, "They surrender points.")
                .offers(words.asked)
        );
    }

    #[test]
    fn rare_words_and_names_weigh_more() {
        let bm25 = Bm25::new().unwrap();
        let documents = [
            stems(&bm25, "the tower in Paris"),
            stems(&bm25, "the tower in London"),
            stems(&bm25, "a tower"),
        ];
        let words = QuestionWords::new(&bm25, "is the tower in Paris", &documents);
        let weight = |word| words.weights[&stem(&bm25, word).unwrap()];
        assert!(weight("Paris") > weight("tower"));
        assert_eq!(words.names_missing(&documents[0]), 0.0);
        assert_eq!(words.names_missing(&documents[1]), 1.0);
    }
}
