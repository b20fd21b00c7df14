//! What the seer is asked and what it answers.

use serde::{Deserialize, Serialize};

use crate::MessageId;

/// How many hits or citations are wanted when the caller does not say.
pub const TOP_K_DEFAULT: usize = 5;
/// The most hits or citations that one question may ask for.
pub const TOP_K_MAX: usize = 100;
/// The longest question, in bytes of UTF-8.
pub const QUESTION_BYTES_MAX: usize = 8 * 1024;

/// How hits are found.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum SearchMode {
    /// Dense and sparse, their ranks fused.
    #[default]
    Hybrid,
    /// By meaning: nearness of embeddings.
    Dense,
    /// By words: BM25.
    Sparse,
}

impl SearchMode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Dense => "dense",
            Self::Sparse => "sparse",
        }
    }
}

/// `GET /search`: what was found, the best first.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchResults {
    pub hits: Vec<SearchHit>,
}

/// A message that was found, by its best chunk.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SearchHit {
    pub id: MessageId,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    /// UTF-8; bytes that are not are shown as U+FFFD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The record's Kafka timestamp, in milliseconds since 1970-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<i64>,
    /// The chunk of the message's text that was found.
    pub text: String,
    /// The score by which hits are ordered; comparable within one answer only.
    pub score: f32,
    /// Why the hit is here.
    pub ranks: Ranks,
}

/// A hit's place and score in each list that was searched.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ranks {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dense: Option<Rank>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sparse: Option<Rank>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rank {
    /// From 1.
    pub rank: usize,
    /// Cosine similarity where dense, BM25 where sparse.
    pub score: f32,
}

/// `POST /ask` as JSON. A body of plain text is the question alone.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AskRequest {
    pub question: String,
    /// Only messages of these topics; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Only messages from this time on: RFC 3339, or milliseconds since 1970-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Only messages before this time, in the same form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Messages that may be cited, 5 unless said, 100 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    /// What a follow-up question refers to: the id that an earlier answer gave, or any of your own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// Answer as server-sent events: `retrieved`, `token`…, `citations`, `done`.
    #[serde(default)]
    pub stream: bool,
}

/// Who wrote an answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum AnswerMode {
    /// The best sentences of the messages themselves, word for word.
    Extractive,
    /// A language model, from the messages.
    Model,
    /// The status of messages: counts, stages, lag.
    Operation,
}

/// A record on the topic `seer-answer`: an answer, however it was asked for. Its key is the question's id: of its record on
/// `seer-question`, or made for a question over HTTP, which has none.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AnswerRecord {
    /// What was asked; empty where it could not be read.
    #[serde(default)]
    pub question: String,
    #[serde(flatten)]
    pub answer: Answer,
}

/// The seer's answer.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Answer {
    /// Text with citations as `[1]`; where nothing is known, it says so.
    pub answer: String,
    pub mode: AnswerMode,
    /// Whether the messages carry an answer.
    pub known: bool,
    pub citations: Vec<Citation>,
    /// Sentences of the answer whose citation does not hold, word for word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<String>,
    /// Why the answer is less than what was asked for, such as a language model that is away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<String>,
    /// To be given with a follow-up question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
}

/// A message that an answer cites.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Citation {
    /// The number in the answer's text, from 1.
    pub n: usize,
    pub id: MessageId,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The record's Kafka timestamp, in milliseconds since 1970-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<i64>,
    /// What the message says: the sentence that is quoted, or the chunk that was found.
    pub text: String,
    pub score: f32,
}

/// `GET /index`: what the seer knows, and from where.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IndexState {
    /// The collection that answers.
    pub collection: String,
    /// Chunks of messages in it.
    pub points: u64,
    /// Records that are not indexed yet; absent when Kafka does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<i64>,
    /// The embedding model that the collection was made with.
    pub model: String,
    /// Components of an embedding.
    pub dimension: usize,
    /// The vector store: `embedded`, or Qdrant's address.
    pub store: String,
    /// Who writes answers: `extractive`, or the language model's name.
    pub answers: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reindex: Option<ReindexProgress>,
}

/// How far the rebuilding of the index is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReindexProgress {
    /// The collection that is being filled.
    pub collection: String,
    pub records_done: u64,
    /// Records to read, as counted at the start.
    pub records_total: u64,
    pub finished: bool,
    /// Why it was given up; the collection that answers is as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// `POST /load`, a line for each uploaded file when it is done with, and lines with its progress before.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoadedFile {
    pub name: String,
    /// Messages that were made of it so far, each acknowledged by Kafka.
    pub messages: u64,
    /// Bytes of it that have arrived so far.
    #[serde(default)]
    pub bytes: u64,
    /// Whether this is the last line about it.
    #[serde(default)]
    pub finished: bool,
    /// The first and the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<MessageId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<MessageId>,
    /// Why the file, or a part of it, was not loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl LoadedFile {
    /// What is known of each file by now, from the lines of an answer so far: files come one after the other, and a line
    /// takes the place of those about the same file before it.
    pub fn latest(lines: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut files: Vec<Self> = Vec::new();
        for line in lines {
            match files.last_mut() {
                Some(file) if !file.finished => *file = line,
                _ => files.push(line),
            }
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_about_a_file_counts() {
        let line = |name: &str, messages, finished| LoadedFile {
            name: name.to_owned(),
            messages,
            bytes: 0,
            finished,
            first: None,
            last: None,
            error: None,
        };
        let lines = [line("a", 1, false), line("a", 2, true), line("a", 1, false)];
        let files = LoadedFile::latest(lines);
        let seen: Vec<_> = files
            .iter()
            .map(|file| (file.messages, file.finished))
            .collect();
        assert_eq!(seen, [(2, true), (1, false)]);
    }
}
