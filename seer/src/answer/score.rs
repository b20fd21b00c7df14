//! How likely a sentence carries the answer, and whether the best one is likely enough to be quoted.
//!
//! Both are logistic functions of few features. Their weights were fitted on questions to encyclopedia paragraphs, with the
//! paragraph of the question among those searched, left out alone, and left out with all others of its article. Fitted on
//! one half of the articles they hold on the other: “I don't know” for 82 % and 98 % of what was left out, and for 8 % of what
//! was not. No feature knows what a text is about, so that other messages are judged the same way.

use std::collections::HashSet;

use contract::seer::{Rank, SearchHit};

use super::words::{Asked, QuestionWords, SentenceWords, Stem};

/// From this on the best sentence is quoted.
const KNOWN_MIN: f32 = 0.43;

/// What a sentence is judged by; each is about 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Features {
    /// Nearness of its meaning to the question's.
    pub(super) similarity: f32,
    /// Share of the question's words that it holds, by weight.
    coverage: f32,
    /// The weight of the heaviest word that it lacks.
    heaviest_missing: f32,
    /// Share of the question's neighbouring words that are near each other in it.
    pairs: f32,
    /// Whether it lacks what is asked for: a number, a time, a name.
    lacks_kind: f32,
    /// Its length: the same words in a longer sentence say less.
    length: f32,
    /// Share of the question's names and numbers that its whole message lacks.
    names_missing: f32,
    /// How near the front its message is, by meaning and by words.
    dense_place: f32,
    sparse_place: f32,
    /// Nearness of its message to the question.
    hit_similarity: f32,
    /// Share of the question's words that its message holds.
    hit_coverage: f32,
}

impl Features {
    /// `hit_stems` are those of the message that the sentence stands in.
    pub(super) fn new(
        question: &QuestionWords,
        hit: &SearchHit,
        hit_stems: &HashSet<Stem>,
        sentence: &SentenceWords,
        similarity: f32,
    ) -> Self {
        let lacks_kind = question.asked != Asked::Other && !sentence.offers(question.asked);
        let place = |rank: Option<Rank>| rank.map_or(0.0, |rank| 1.0 / rank.rank as f32);
        Self {
            similarity,
            coverage: question.coverage(&sentence.stems),
            heaviest_missing: question.heaviest_missing(&sentence.stems),
            pairs: question.pairs_near(sentence),
            lacks_kind: f32::from(u8::from(lacks_kind)),
            length: (1.0 + sentence.count as f32).ln() / 4.0,
            names_missing: question.names_missing(hit_stems),
            dense_place: place(hit.ranks.dense),
            sparse_place: place(hit.ranks.sparse),
            hit_similarity: hit.ranks.dense.map_or(similarity, |rank| rank.score),
            hit_coverage: question.coverage(hit_stems),
        }
    }

    pub(super) fn probability(&self) -> f32 {
        logistic(self.log_odds())
    }

    /// Whether the message answers, if this is its best sentence. Stricter than the sentence alone: among many messages the
    /// best sentence looks good by chance.
    pub(super) fn is_known(&self) -> bool {
        let log_odds = 0.95 * self.log_odds().clamp(-13.8, 13.8)
            + 1.73 * self.similarity
            + 0.38 * self.hit_similarity
            + 2.36 * self.hit_coverage
            - 0.24;
        logistic(log_odds) >= KNOWN_MIN
    }

    fn log_odds(&self) -> f32 {
        2.67 * self.similarity + 3.98 * self.coverage + 1.56 * self.pairs
            - 1.40 * self.heaviest_missing
            - 1.24 * self.names_missing
            - 1.34 * self.lacks_kind
            - 1.89 * self.length
            + 1.57 * self.dense_place
            + 1.34 * self.sparse_place
            - 5.92
    }
}

fn logistic(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}

#[cfg(test)]
mod tests {
    use contract::{MessageId, seer::Ranks};

    use super::*;
    use crate::{answer::words, bm25::Bm25};

    /// As the best hit of both lists.
    fn features(question: &str, message: &str, similarity: f32) -> Features {
        let bm25 = Bm25::new().unwrap();
        let stems = words::stems(&bm25, message);
        let question = QuestionWords::new(&bm25, question, std::slice::from_ref(&stems));
        let rank = |score| Some(Rank { rank: 1, score });
        let hit = SearchHit {
            id: MessageId::of_record("stream", 0, 0),
            topic: "stream".to_owned(),
            partition: 0,
            offset: 0,
            key: None,
            timestamp: None,
            text: message.to_owned(),
            score: 1.0,
            ranks: Ranks {
                dense: rank(similarity),
                sparse: rank(3.0),
            },
        };
        let sentence = question.sentence(&bm25, message);
        Features::new(&question, &hit, &stems, &sentence, similarity)
    }

    #[test]
    fn a_fact_answers_and_its_neighbour_does_not() {
        let fact = "The Wilymajinkas are a tribe of northeastern Native Pandorians.";
        let question = "Do you know anything about the Wilymajinkas?";
        assert!(features(question, fact, 0.6).is_known());
        assert!(!features(question, "The Atreides are a house of Caladan.", 0.2).is_known());
        let year = "When was the tower in Paris built?";
        let with = features(year, "The tower in Paris was built in 1889.", 0.7);
        let without = features(year, "The tower in Paris was built of iron.", 0.7);
        assert!(with.is_known());
        assert!(with.probability() > without.probability());
    }

    #[test]
    fn every_feature_pulls_in_its_direction() {
        let base = features(
            "Who moved to Paris in 1889?",
            "Ada moved to Paris in 1889.",
            0.6,
        );
        let worse = [
            Features {
                similarity: 0.1,
                ..base
            },
            Features {
                coverage: 0.2,
                ..base
            },
            Features {
                heaviest_missing: 0.9,
                ..base
            },
            Features {
                lacks_kind: 1.0,
                ..base
            },
            Features {
                names_missing: 1.0,
                ..base
            },
            Features {
                sparse_place: 0.1,
                ..base
            },
        ];
        for worse in worse {
            assert!(worse.probability() < base.probability(), "{worse:?}");
        }
    }
}
