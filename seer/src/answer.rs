//! Questions answered from messages, each statement with the messages that it is taken from.
//!
//! A question about operation is answered from the status of messages ([`operation`]), any other from what the index finds:
//! by the chat API if there is one ([`model`]), else by the best sentences of the messages themselves ([`extractive`]). When
//! the chat API fails the answer is extractive too and says so.

use std::{sync::Arc, time::Duration};

use contract::seer::{Answer, AnswerMode, AskRequest, Citation, SearchHit, SearchMode};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use service::{ApiProblem, ApiResult};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::Instant,
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::AbortOnDropHandle;

use crate::{AnswersConfig, bm25::Bm25, index::SearchQuery};
use chat::{Chat, ChatError};
use conversation::{Conversations, Turn};
use events::Events;
use extractive::Extract;
use operation::Operation;
pub(crate) use question::Question;

mod chat;
mod citations;
mod conversation;
mod events;
mod extractive;
mod model;
mod operation;
mod prompt;
mod question;
mod score;
mod sentences;
mod vocabulary;
mod words;

pub use events::AskEvent;

/// Questions answered at once; each computes embeddings, or holds a connection to the chat API.
const QUESTIONS_MAX: usize = 32;
/// Messages that are looked at, at least: those beyond `top_k` tell which words are common.
const POOL_MIN: usize = 30;
/// Events that wait for whoever reads them.
const EVENTS_QUEUED_MAX: usize = 64;

/// Where answers are taken from.
pub trait Knowledge: Send + Sync {
    /// The best messages first.
    fn search(&self, query: SearchQuery) -> BoxFuture<'_, ApiResult<Vec<SearchHit>>>;

    /// A vector of length 1 for each text, or why there are none now.
    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, String>>;
}

pub struct Answerer {
    knowledge: Arc<dyn Knowledge>,
    bm25: Bm25,
    chat: Option<Chat>,
    operation: Operation,
    conversations: Conversations,
    context_tokens: usize,
    /// For all that a chat API writes for one question.
    timeout: Duration,
    room: Arc<Semaphore>,
}

impl Answerer {
    /// `http` is for calls to the consumer.
    pub fn new(
        config: &AnswersConfig,
        http: reqwest::Client,
        knowledge: Arc<dyn Knowledge>,
    ) -> anyhow::Result<Arc<Self>> {
        metrics::describe_histogram!(
            "seer_answer_duration_seconds",
            "Time of an answer, by who wrote it and whether it is known"
        );
        Ok(Arc::new(Self {
            knowledge,
            bm25: Bm25::new()?,
            chat: Chat::new(config)?,
            operation: Operation::new(http, config.consumer_url.clone()),
            conversations: Conversations::default(),
            context_tokens: config.context_tokens,
            timeout: config.answer_timeout,
            room: Arc::new(Semaphore::new(QUESTIONS_MAX)),
        }))
    }

    /// Who writes answers: the language model's name, or `extractive`.
    pub fn writer(&self) -> &str {
        self.chat.as_ref().map_or("extractive", Chat::model)
    }

    pub async fn answer(&self, request: AskRequest) -> ApiResult<Answer> {
        let question = Question::parse(request)?;
        let _room = self.take_room()?;
        self.run(question, &Events::nobody()).await
    }

    /// The same for a caller that would rather wait than be told that there are too many questions.
    pub(crate) async fn answer_in_turn(&self, request: AskRequest) -> ApiResult<Answer> {
        let question = Question::parse(request)?;
        let _room = self.room.acquire().await.map_err(|_| too_many())?;
        self.run(question, &Events::nobody()).await
    }

    /// The answer as it is written. Ends with [`AskEvent::Done`], or with the problem that there is.
    pub fn stream(
        self: &Arc<Self>,
        request: AskRequest,
    ) -> ApiResult<BoxStream<'static, ApiResult<AskEvent>>> {
        let question = Question::parse(request)?;
        let room = self.take_room()?;
        let (sender, receiver) = mpsc::channel(EVENTS_QUEUED_MAX);
        let answerer = Arc::clone(self);
        // Ends with whoever reads it.
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let _room = room;
            let last = answerer.run(question, &Events::to(sender.clone())).await;
            // Nobody there any more: nothing to do.
            let _ = sender.send(last.map(AskEvent::Done)).await;
        }));
        let events = ReceiverStream::new(receiver).inspect(move |_| {
            let _ = &task;
        });
        Ok(events.boxed())
    }

    fn take_room(&self) -> ApiResult<OwnedSemaphorePermit> {
        Arc::clone(&self.room)
            .try_acquire_owned()
            .map_err(|_| too_many())
    }

    async fn run(&self, question: Question, events: &Events) -> ApiResult<Answer> {
        let begun = Instant::now();
        let conversation = question
            .conversation
            .clone()
            .unwrap_or_else(conversation::new_id);
        // Before a chat API that may be slow.
        let told = self.answer_by_status(&question.text, question.top_k).await;
        let (asked, mut answer) = match told {
            Some(answer) => {
                events.token(&answer.answer).await;
                (question.text, answer)
            }
            None => {
                let end = begun + self.timeout;
                let turns = self.conversations.turns(&conversation);
                let (asked, failed) = self.standing_alone(&question.text, &turns, end).await;
                // Boxed: what it keeps while it waits would add up in every caller.
                let answer = self
                    .answer_by_messages(&question, &asked, failed, end, events)
                    .boxed()
                    .await?;
                (asked, answer)
            }
        };
        events.citations(&answer.citations).await;
        self.conversations
            .add(&conversation, &asked, &answer.answer);
        answer.conversation = Some(conversation);
        let labels = [
            ("mode", mode_name(answer.mode)),
            ("known", if answer.known { "true" } else { "false" }),
        ];
        metrics::histogram!("seer_answer_duration_seconds", &labels).record(begun.elapsed());
        Ok(answer)
    }

    /// What the status of messages says; `None` for questions about content.
    async fn answer_by_status(&self, asked: &str, top_k: usize) -> Option<Answer> {
        let told = self
            .operation
            .answer(&*self.knowledge, asked, top_k)
            .await?;
        Some(Answer {
            answer: told.text,
            mode: AnswerMode::Operation,
            known: told.known,
            citations: told.citations,
            degraded: told.degraded,
            ..blank()
        })
    }

    /// The question such that it can be understood without what was said before, and why the chat API did not help.
    async fn standing_alone(
        &self,
        question: &str,
        turns: &[Turn],
        end: Instant,
    ) -> (String, Option<ChatError>) {
        let Some(last) = turns.last() else {
            return (question.to_owned(), None);
        };
        let mut failed = None;
        if let Some(chat) = &self.chat {
            match chat.complete(&prompt::rewrite(turns, question), end).await {
                Ok(text) if !text.trim().is_empty() => return (text.trim().to_owned(), None),
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
        }
        let asked = if conversation::is_follow_up(&self.bm25, question) {
            conversation::joined(&self.bm25, &last.question, question)
        } else {
            question.to_owned()
        };
        (asked, failed)
    }

    /// `failed` says that the chat API is of no use now; it is not asked again.
    async fn answer_by_messages(
        &self,
        question: &Question,
        asked: &str,
        mut failed: Option<ChatError>,
        end: Instant,
        events: &Events,
    ) -> ApiResult<Answer> {
        let query = SearchQuery {
            text: asked.to_owned(),
            mode: SearchMode::Hybrid,
            filter: question.filter.clone(),
            limit: question.top_k.max(POOL_MIN),
        };
        let pool = self.knowledge.search(query).await?;
        let hits = &pool[..pool.len().min(question.top_k)];
        events.retrieved(hits).await;
        let usable = failed.is_none() && !hits.is_empty();
        if let Some(chat) = self.chat.as_ref().filter(|_| usable) {
            let task = model::Task {
                question: asked,
                hits,
                context_tokens: self.context_tokens,
                end,
            };
            match model::answer(chat, &self.bm25, &*self.knowledge, task, events).await {
                Ok(answer) => return Ok(answer),
                Err(error) => failed = Some(error),
            }
        }
        let extract =
            extractive::answer(&self.bm25, &*self.knowledge, asked, &pool, question.top_k).await;
        let failed = failed.map(|error| error.to_string());
        if let Some(reason) = &failed {
            tracing::warn!(reason, "answered without the chat API");
            events.restart(reason).await;
        }
        let answer = extracted(extract, failed, question);
        events.token(&answer.answer).await;
        Ok(answer)
    }
}

fn extracted(extract: Extract, failed: Option<String>, question: &Question) -> Answer {
    let reasons: Vec<String> = failed.into_iter().chain(extract.degraded).collect();
    let degraded = (!reasons.is_empty()).then(|| reasons.join("; "));
    match extract.quotes {
        Some(quotes) => Answer {
            answer: quotes.text,
            known: true,
            citations: quotes.citations,
            degraded,
            ..blank()
        },
        None => Answer {
            answer: unknown(question),
            degraded,
            ..blank()
        },
    }
}

fn blank() -> Answer {
    Answer {
        answer: String::new(),
        mode: AnswerMode::Extractive,
        known: false,
        citations: Vec::new(),
        unsupported: Vec::new(),
        degraded: None,
        conversation: None,
    }
}

/// What is said when no message answers, and what to do about it.
fn unknown(question: &Question) -> String {
    let narrowed = question.filter != crate::store::Filter::default();
    let (which, widen) = if narrowed {
        (
            "no message of these topics and times says",
            " Ask without filters, or",
        )
    } else {
        ("no message says", "")
    };
    let teach = if widen.is_empty() { " Teach" } else { " teach" };
    format!(
        "{}: {which} anything that answers this.{widen}{teach} me, for example with kafkloud teach “…”, or send a message that says it.",
        prompt::UNKNOWN
    )
}

fn too_many() -> ApiProblem {
    ApiProblem::unavailable(
        "too-many-questions",
        "Too many questions at once",
        format!("{QUESTIONS_MAX} questions are being answered: try again in a moment."),
    )
}

fn mode_name(mode: AnswerMode) -> &'static str {
    match mode {
        AnswerMode::Extractive => "extractive",
        AnswerMode::Model => "model",
        AnswerMode::Operation => "operation",
    }
}

fn cite(n: usize, hit: &SearchHit, text: String) -> Citation {
    Citation {
        n,
        id: hit.id,
        topic: hit.topic.clone(),
        partition: hit.partition,
        offset: hit.offset,
        key: hit.key.clone(),
        timestamp: hit.timestamp,
        text,
        score: hit.score,
    }
}

/// The cosine of two vectors of length 1.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
