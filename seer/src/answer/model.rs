//! Answers by a language model, from the messages it is given, and checked.

use contract::seer::{Answer, AnswerMode, SearchHit};
use futures::StreamExt;
use tokio::time::Instant;

use super::{
    Knowledge, blank,
    chat::{Chat, ChatError},
    citations,
    events::Events,
    prompt,
};
use crate::bm25::Bm25;

/// What the model is to do.
pub(super) struct Task<'a> {
    pub(super) question: &'a str,
    pub(super) hits: &'a [SearchHit],
    pub(super) context_tokens: usize,
    pub(super) end: Instant,
}

/// Tells the text as it is written. After an error what was told does not count.
pub(super) async fn answer(
    chat: &Chat,
    bm25: &Bm25,
    knowledge: &dyn Knowledge,
    task: Task<'_>,
    events: &Events,
) -> Result<Answer, ChatError> {
    let prompt = prompt::answer(task.question, task.hits, task.context_tokens);
    let mut pieces = chat.stream(&prompt.messages, task.end).await?;
    let mut text = String::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        events.token(&piece).await;
        text.push_str(&piece);
    }
    let text = text.trim().to_owned();
    if prompt::says_unknown(&text) && !citations::cites(&text) {
        return Ok(Answer {
            answer: text,
            mode: AnswerMode::Model,
            ..blank()
        });
    }
    let checked = citations::check(bm25, knowledge, &text, &task.hits[..prompt.held]).await;
    Ok(Answer {
        answer: text,
        mode: AnswerMode::Model,
        known: checked.supported,
        citations: checked.citations,
        unsupported: checked.unsupported,
        ..blank()
    })
}
