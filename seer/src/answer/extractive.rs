//! Answers without a language model: the best sentences of the messages themselves, word for word.

use std::collections::HashSet;

use contract::seer::{Citation, SearchHit};

use super::{
    Knowledge, cite, dot,
    score::Features,
    sentences,
    words::{self, QuestionWords, SentenceWords, Stem},
};
use crate::bm25::Bm25;

/// Sentences whose meaning is compared with the question; the embedding of each costs milliseconds.
const CANDIDATES_MAX: usize = 12;
const QUOTES_MAX: usize = 3;
/// A further sentence is quoted when it is at least so likely to answer, beside the best one.
const FURTHER_RATIO: f32 = 0.15;

/// What the messages say themselves.
#[derive(Debug, PartialEq)]
pub(super) struct Extract {
    /// `None` when no sentence is likely to answer.
    pub(super) quotes: Option<Quotes>,
    /// Why the sentences are chosen less well than they could be.
    pub(super) degraded: Option<String>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Quotes {
    pub(super) text: String,
    pub(super) citations: Vec<Citation>,
}

struct Candidate<'a> {
    hit: usize,
    /// The sentence's place in its message.
    place: usize,
    text: &'a str,
    words: SentenceWords,
    /// How likely it answers; at first, how likely it is worth a closer look.
    probability: f32,
    known: bool,
}

/// `pool` is what was found, the best first; of it `top_k` may be cited, and the others tell how common words are.
pub(super) async fn answer(
    bm25: &Bm25,
    knowledge: &dyn Knowledge,
    question: &str,
    pool: &[SearchHit],
    top_k: usize,
) -> Extract {
    let stems: Vec<HashSet<Stem>> = pool
        .iter()
        .map(|hit| words::stems(bm25, &hit.text))
        .collect();
    let asked = QuestionWords::new(bm25, question, &stems);
    let hits = &pool[..pool.len().min(top_k)];
    let mut candidates = candidates(bm25, &asked, hits, &stems);
    if candidates.is_empty() {
        return Extract {
            quotes: None,
            degraded: None,
        };
    }
    let mut texts = vec![question.to_owned()];
    texts.extend(candidates.iter().map(|candidate| candidate.text.to_owned()));
    let (vectors, degraded) = match knowledge.embed(texts).await {
        Ok(vectors) => (vectors, None),
        Err(reason) => (
            Vec::new(),
            Some(format!(
                "sentences were chosen by their words alone: {reason}"
            )),
        ),
    };
    let (question_vector, vectors) = match vectors.split_first() {
        Some((first, rest)) => (first.as_slice(), rest),
        None => (&[][..], &[][..]),
    };
    for (index, candidate) in candidates.iter_mut().enumerate() {
        let hit = &hits[candidate.hit];
        let coverage = asked.coverage(&candidate.words.stems);
        // Without a vector, words stand for meaning.
        let similarity = vectors
            .get(index)
            .map_or(coverage * 0.7, |vector| dot(question_vector, vector));
        let features = Features::new(
            &asked,
            hit,
            &stems[candidate.hit],
            &candidate.words,
            similarity,
        );
        candidate.known = features.is_known();
        candidate.probability = features.probability();
    }
    candidates.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let known = candidates.first().is_some_and(|best| best.known);
    Extract {
        quotes: known.then(|| quote(candidates, hits)),
        degraded,
    }
}

/// The sentences of the hits, at most [`CANDIDATES_MAX`]: those that share the most words with the question, earlier hits first.
fn candidates<'a>(
    bm25: &Bm25,
    asked: &QuestionWords,
    hits: &'a [SearchHit],
    stems: &[HashSet<Stem>],
) -> Vec<Candidate<'a>> {
    let mut candidates = Vec::new();
    for (hit, found) in hits.iter().enumerate() {
        for (place, text) in sentences::split(&found.text).into_iter().enumerate() {
            let words = asked.sentence(bm25, text);
            let offers = if words.offers(asked.asked) { 0.2 } else { 0.0 };
            candidates.push(Candidate {
                hit,
                place,
                text,
                probability: asked.coverage(&words.stems)
                    + 0.5 * asked.coverage(&stems[hit])
                    + offers
                    + 0.5 / (1.0 + hit as f32),
                words,
                known: false,
            });
        }
    }
    candidates.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    candidates.truncate(CANDIDATES_MAX);
    candidates
}

/// The best sentences, those of one message together and in its order, the message of the best sentence first.
fn quote(mut candidates: Vec<Candidate<'_>>, hits: &[SearchHit]) -> Quotes {
    let best = candidates.first().map_or(0.0, |best| best.probability);
    candidates.retain(|candidate| candidate.probability >= best * FURTHER_RATIO);
    let mut seen = HashSet::new();
    candidates.retain(|candidate| seen.insert(candidate.text));
    candidates.truncate(QUOTES_MAX);
    let mut order: Vec<usize> = Vec::new();
    for candidate in &candidates {
        if !order.contains(&candidate.hit) {
            order.push(candidate.hit);
        }
    }
    let mut quotes = Quotes {
        text: String::new(),
        citations: Vec::new(),
    };
    for (index, &hit) in order.iter().enumerate() {
        let mut of_hit: Vec<&Candidate<'_>> = candidates
            .iter()
            .filter(|candidate| candidate.hit == hit)
            .collect();
        of_hit.sort_by_key(|candidate| candidate.place);
        for candidate in &of_hit {
            let joint = if quotes.text.is_empty() { "" } else { " " };
            let sentence = in_line(candidate.text);
            quotes
                .text
                .push_str(&format!("{joint}{sentence} [{}]", index + 1));
        }
        let sentences: Vec<&str> = of_hit.iter().map(|candidate| candidate.text).collect();
        quotes
            .citations
            .push(cite(index + 1, &hits[hit], sentences.join(" ")));
    }
    quotes
}

/// Fields, each on its line, as a list in one.
fn in_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}
