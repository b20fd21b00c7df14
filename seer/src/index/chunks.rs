//! A text in pieces that the model reads whole.

use text_splitter::{ChunkConfig, ChunkSizer, TextSplitter};

use crate::embed::Embedder;

/// The model was trained on pieces of this length, and a piece is what an answer quotes.
const CHUNK_TOKENS: usize = 128;
/// What two neighbours share, so that what is said across their border is found too.
const OVERLAP_TOKENS: usize = 24;

/// Cuts at the largest unit that fits: paragraphs, sentences, words.
pub(super) fn split<'text>(text: &'text str, embedder: &dyn Embedder) -> Vec<&'text str> {
    let text = text.trim();
    let starts = embedder.token_starts(text);
    let tokens_max = CHUNK_TOKENS.min(embedder.tokens_max());
    if text.is_empty() {
        return Vec::new();
    }
    if starts.len() <= tokens_max {
        return vec![text];
    }
    let sizer = Sizer {
        begin: text.as_ptr() as usize,
        starts,
    };
    let config = ChunkConfig::new(tokens_max)
        .with_overlap(OVERLAP_TOKENS.min(tokens_max / 2))
        // It is less than a chunk.
        .map(|config| config.with_sizer(sizer));
    match config {
        Ok(config) => TextSplitter::new(config).chunks(text).collect(),
        Err(_) => vec![text],
    }
}

/// Counts the tokens of a part by where it lies in the text: tokenizing every part that is tried would take many times as
/// long as tokenizing the text once.
struct Sizer {
    /// The text's address.
    begin: usize,
    starts: Vec<usize>,
}

impl ChunkSizer for Sizer {
    fn size(&self, part: &str) -> usize {
        let begin = part.as_ptr() as usize - self.begin;
        let before = |end: usize| self.starts.partition_point(|&start| start < end);
        before(begin + part.len()) - before(begin)
    }
}

#[cfg(test)]
mod tests {
    use futures::future::BoxFuture;

    use super::*;
    use crate::embed::{BatchLimits, EmbedError};

    /// One token a word.
    struct Words;

    impl Embedder for Words {
        fn model(&self) -> &str {
            "words"
        }
        fn dimension(&self) -> usize {
            1
        }
        fn tokens_max(&self) -> usize {
            256
        }
        fn token_starts(&self, text: &str) -> Vec<usize> {
            let words = text.split_whitespace();
            words
                .map(|word| word.as_ptr() as usize - text.as_ptr() as usize)
                .collect()
        }
        fn batch_limits(&self) -> BatchLimits {
            BatchLimits {
                calls: 1,
                texts: 1,
                bytes: 1,
            }
        }
        fn embed(&self, _: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>> {
            Box::pin(async { Ok(Vec::new()) })
        }
    }

    #[test]
    fn a_short_text_is_one_chunk() {
        assert_eq!(split("  one two\n", &Words), ["one two"]);
        assert!(split(" \n", &Words).is_empty());
    }

    #[test]
    fn a_long_text_is_cut_between_sentences_with_some_overlap() {
        let text: String = (0..100)
            .map(|n| format!("Sentence number {n} has exactly seven words. "))
            .collect();
        let chunks = split(&text, &Words);
        assert!(chunks.len() >= 100 * 7 / CHUNK_TOKENS);
        for chunk in &chunks {
            assert!(chunk.split_whitespace().count() <= CHUNK_TOKENS);
            assert!(
                chunk.starts_with("Sentence") && chunk.ends_with('.'),
                "{chunk}"
            );
        }
        for (first, second) in chunks.iter().zip(&chunks[1..]) {
            let shared = second.split(". ").next().unwrap_or_default();
            assert!(first.contains(shared), "{shared}");
        }
    }

    #[test]
    fn a_text_without_any_border_is_cut_nevertheless() {
        let text = "word ".repeat(10_000);
        let chunks = split(&text, &Words);
        assert!(chunks.len() > 50);
        let longest = chunks
            .iter()
            .map(|chunk| chunk.split_whitespace().count())
            .max();
        assert!(longest <= Some(CHUNK_TOKENS));
    }
}
