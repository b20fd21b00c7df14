//! Answers from messages in memory: by their sentences, and by a language model with each of its faults.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use contract::{
    MessageId,
    seer::{Answer, AnswerMode, AskRequest, Rank, Ranks, SearchHit},
};
use futures::{FutureExt, StreamExt, future::BoxFuture};
use seer::{
    AnswersConfig,
    answer::{Answerer, AskEvent, Knowledge},
    index::SearchQuery,
};
use service::{ApiResult, Secret};

use crate::openai::{OpenAi, Reply};

mod chat;
mod extracts;
mod http;
mod operation;

/// Components of a vector of [`Messages`].
const DIMENSION: usize = 512;

/// Messages that are found by shared words, and embedded by them.
#[derive(Default)]
pub(crate) struct Messages {
    texts: Vec<String>,
    /// What was looked for.
    queries: Mutex<Vec<String>>,
}

impl Messages {
    pub(crate) fn new(texts: &[&str]) -> Arc<Self> {
        Arc::new(Self {
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            queries: Mutex::default(),
        })
    }

    pub(crate) fn last_query(&self) -> String {
        self.queries.lock().unwrap().last().cloned().unwrap()
    }
}

impl Knowledge for Messages {
    fn search(&self, query: SearchQuery) -> BoxFuture<'_, ApiResult<Vec<SearchHit>>> {
        self.queries.lock().unwrap().push(query.text.clone());
        let asked = words(&query.text);
        let mut hits: Vec<SearchHit> = self
            .texts
            .iter()
            .enumerate()
            .map(|(offset, text)| hit(offset, text, asked.intersection(&words(text)).count()))
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.truncate(query.limit);
        for (index, hit) in hits.iter_mut().enumerate() {
            let rank = |score| {
                Some(Rank {
                    rank: index + 1,
                    score,
                })
            };
            let nearness = vector(&query.text)
                .iter()
                .zip(vector(&hit.text))
                .map(|(a, b)| a * b)
                .sum();
            hit.ranks.dense = rank(nearness);
            hit.ranks.sparse = rank(hit.score).filter(|rank| rank.score > 0.0);
        }
        async { Ok(hits) }.boxed()
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, String>> {
        async move { Ok(texts.iter().map(|text| vector(text)).collect()) }.boxed()
    }
}

fn hit(offset: usize, text: &str, shared: usize) -> SearchHit {
    SearchHit {
        id: MessageId::of_record("stream", 0, offset as i64),
        topic: "stream".to_owned(),
        partition: 0,
        offset: offset as i64,
        key: None,
        timestamp: Some(1_769_851_800_000),
        text: text.to_owned(),
        score: shared as f32,
        ranks: Ranks::default(),
    }
}

fn words(text: &str) -> HashSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| word.len() > 3)
        .map(str::to_lowercase)
        .collect()
}

fn vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0_f32; DIMENSION];
    for word in words(text) {
        let hash = word.bytes().fold(7_usize, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        vector[hash % DIMENSION] += 1.0;
    }
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(1.0);
    vector.iter().map(|x| x / length).collect()
}

/// With a chat API, if there is one, and no consumer.
fn config(openai: Option<&OpenAi>) -> AnswersConfig {
    AnswersConfig {
        openai_base_url: openai.map(|openai| openai.url.parse().unwrap()),
        openai_api_key: openai.map(|_| Secret::new("test-key")),
        openai_api_key_file: None,
        openai_model: "test".to_owned(),
        answer_timeout: Duration::from_secs(20),
        context_tokens: 3000,
        // Nobody listens there.
        consumer_url: "http://127.0.0.1:1".parse().unwrap(),
    }
}

fn request(question: &str) -> AskRequest {
    AskRequest {
        question: question.to_owned(),
        ..AskRequest::default()
    }
}

async fn ask(answerer: &Answerer, question: &str) -> Answer {
    answerer.answer(request(question)).await.unwrap()
}

async fn events(answerer: &Arc<Answerer>, question: &str) -> Vec<AskEvent> {
    let stream = answerer.stream(request(question)).unwrap();
    stream.map(|event| event.unwrap()).collect().await
}

/// The whole answer, at the end.
fn done(events: &[AskEvent]) -> &Answer {
    match events.last() {
        Some(AskEvent::Done(answer)) => answer,
        other => panic!("ended with {other:?}"),
    }
}
