//! The program's own check of what a language model cites.
//!
//! A number counts only if it is that of a message the model was given. A sentence counts only if the messages it cites
//! bear it: they hold its names and numbers, and most of its other words or the same meaning.

use std::collections::{BTreeSet, HashSet};

use contract::seer::SearchHit;
use unicode_segmentation::UnicodeSegmentation;

use super::{
    Knowledge, cite, sentences,
    words::{self, Stem},
};
use crate::bm25::Bm25;

/// The share of a sentence's words that the cited messages hold, at least…
const OVERLAP_MIN: f32 = 0.5;
/// …or else the nearness of its meaning to one of their sentences.
const SIMILARITY_MIN: f32 = 0.6;

/// What came of the check.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) citations: Vec<contract::seer::Citation>,
    /// Sentences that no cited message bears, word for word.
    pub(super) unsupported: Vec<String>,
    /// Whether any sentence is borne.
    pub(super) supported: bool,
}

/// A sentence of the model with the numbers it cites.
#[derive(Debug, Eq, PartialEq)]
struct Claim<'a> {
    text: &'a str,
    numbers: Vec<usize>,
}

/// `hits` are the messages that the model was given: the first is number 1.
pub(super) async fn check(
    bm25: &Bm25,
    knowledge: &dyn Knowledge,
    text: &str,
    hits: &[SearchHit],
) -> Checked {
    let mut checked = Checked::default();
    let mut cited = BTreeSet::new();
    for claim in claims(text) {
        let valid: Vec<usize> = claim
            .numbers
            .iter()
            .copied()
            .filter(|n| (1..=hits.len()).contains(n))
            .collect();
        cited.extend(valid.iter().copied());
        let bare = without_numbers(claim.text);
        let invented = valid.len() < claim.numbers.len();
        let messages: Vec<&str> = valid.iter().map(|n| hits[n - 1].text.as_str()).collect();
        if !invented && !valid.is_empty() && is_borne(bm25, knowledge, &bare, &messages).await {
            checked.supported = true;
        } else {
            checked.unsupported.push(claim.text.to_owned());
        }
    }
    checked.citations = cited
        .into_iter()
        .map(|n| {
            cite(
                n,
                &hits[n - 1],
                bearing_sentence(bm25, text, n, &hits[n - 1].text),
            )
        })
        .collect();
    checked
}

/// Whether a text cites anything.
pub(super) fn cites(text: &str) -> bool {
    !numbers(text).is_empty()
}

async fn is_borne(
    bm25: &Bm25,
    knowledge: &dyn Knowledge,
    sentence: &str,
    messages: &[&str],
) -> bool {
    let said: HashSet<String> = messages
        .iter()
        .flat_map(|message| message.unicode_words().map(normalised))
        .collect();
    let names = names_and_numbers(sentence);
    if names.iter().any(|name| !said.contains(name)) {
        return false;
    }
    let stems = words::stems(bm25, sentence);
    let held: HashSet<Stem> = messages
        .iter()
        .flat_map(|message| words::stems(bm25, message))
        .collect();
    let overlap = stems.intersection(&held).count() as f32 / stems.len().max(1) as f32;
    overlap >= OVERLAP_MIN || similarity(knowledge, sentence, messages).await >= SIMILARITY_MIN
}

/// Nearness of a sentence to the nearest sentence of the messages; 0 when there are no embeddings now.
async fn similarity(knowledge: &dyn Knowledge, sentence: &str, messages: &[&str]) -> f32 {
    let mut texts = vec![sentence.to_owned()];
    texts.extend(
        messages
            .iter()
            .flat_map(|message| sentences::split(message))
            .map(str::to_owned),
    );
    let Ok(vectors) = knowledge.embed(texts).await else {
        return 0.0;
    };
    let Some((first, others)) = vectors.split_first() else {
        return 0.0;
    };
    let nearness = others.iter().map(|other| super::dot(first, other));
    nearness.fold(0.0, f32::max)
}

/// The sentences of a text that claim something, with the numbers that stand in or right behind them.
fn claims(text: &str) -> Vec<Claim<'_>> {
    let mut claims: Vec<Claim<'_>> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let mut pieces: Vec<(usize, usize)> = Vec::new();
        for quote in sentences::split(line) {
            let start = quote.as_ptr() as usize - line.as_ptr() as usize;
            // "… in Paris. [1] They …": the number belongs to the sentence before it.
            let numbers = leading_numbers(quote);
            if numbers > 0
                && let Some(last) = pieces.last_mut()
            {
                last.1 = start + numbers;
            }
            let rest = quote[numbers..].trim_start();
            if rest.chars().any(char::is_alphanumeric) {
                let start = start + quote.len() - rest.len();
                pieces.push((start, start + rest.len()));
            }
        }
        claims.extend(pieces.into_iter().map(|(start, end)| {
            let text = line[start..end].trim();
            Claim {
                text,
                numbers: numbers(text),
            }
        }));
    }
    claims
}

/// The length of the citations that a text begins with.
fn leading_numbers(text: &str) -> usize {
    let mut length = 0;
    loop {
        let rest = &text[length..];
        let skipped = rest.len() - rest.trim_start_matches([' ', '.', ',']).len();
        match bracket(&rest[skipped..]) {
            Some((bytes, _)) => length += skipped + bytes,
            None if length > 0 => {
                // A full stop behind the number belongs to it.
                return length + usize::from(rest.starts_with('.'));
            }
            None => return 0,
        }
    }
}

/// `[1]`, `[1, 2]` at the front: its length in bytes and its numbers.
fn bracket(text: &str) -> Option<(usize, Vec<usize>)> {
    let inner = text.strip_prefix('[')?;
    let end = inner.find(']')?;
    let numbers = inner[..end]
        .split([',', ';'])
        .map(|number| number.trim().parse().ok())
        .collect::<Option<Vec<usize>>>()?;
    Some((end + 2, numbers))
}

fn numbers(text: &str) -> Vec<usize> {
    let brackets = text.match_indices('[');
    let mut numbers: Vec<usize> = brackets
        .filter_map(|(at, _)| bracket(&text[at..]))
        .flat_map(|(_, numbers)| numbers)
        .collect();
    numbers.dedup();
    numbers
}

fn without_numbers(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        bare.push_str(&rest[..at]);
        match bracket(&rest[at..]) {
            Some((bytes, _)) => rest = &rest[at + bytes..],
            None => {
                bare.push('[');
                rest = &rest[at + 1..];
            }
        }
    }
    bare + rest
}

/// Capitalised words but the first, and whatever holds digits.
fn names_and_numbers(sentence: &str) -> Vec<String> {
    let words = sentence.unicode_words().enumerate();
    words
        .filter(|(index, word)| {
            words::is_number(word) || *index > 0 && words::is_capitalised(word) && *word != "I"
        })
        .map(|(_, word)| normalised(word))
        .collect()
}

/// As compared: without case, possessive, and the commas of thousands.
fn normalised(word: &str) -> String {
    let word = word.to_lowercase();
    let word = word
        .strip_suffix("'s")
        .or_else(|| word.strip_suffix("’s"))
        .unwrap_or(&word);
    word.replace(',', "")
}

/// The sentence of the message that the claims citing it are nearest to, by words.
fn bearing_sentence(bm25: &Bm25, answer: &str, n: usize, message: &str) -> String {
    let claimed: HashSet<Stem> = claims(answer)
        .iter()
        .filter(|claim| claim.numbers.contains(&n))
        .flat_map(|claim| words::stems(bm25, &without_numbers(claim.text)))
        .collect();
    let quotes = sentences::split(message);
    let shared = |quote: &&&str| words::stems(bm25, quote).intersection(&claimed).count();
    // The first of the best: `max_by_key` would take the last.
    let best = quotes.iter().rev().max_by_key(shared);
    best.map_or_else(|| message.to_owned(), |quote| (*quote).to_owned())
}

#[cfg(test)]
mod tests;
