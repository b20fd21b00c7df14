//! Questions on `seer-question`, answered on `seer-answer`.
//!
//! Delivery: a question's offset is done only after Kafka has acknowledged its answer, so a crash repeats questions and
//! skips none. A question that comes again is answered under the same message id: for readers by id there is one answer.
//! Reading does not wait for a slow chat API: the subscription pauses by itself and stays in its group.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use bus::{
    Acks, KafkaConfig, RecordMeta, RecordRef, StartFrom, Subscription, SubscriptionOptions,
    TopicSelection,
};
use contract::{
    TraceParent,
    seer::{Answer, AnswerMode, AskRequest, QUESTION_BYTES_MAX},
    topic,
};
use service::{ApiProblem, CancellationToken};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    answer::Answerer,
    answer_log::{self, AnswerLog},
};

/// Questions worked on at once; the answers of HTTP callers go on beside them.
const AT_ONCE_MAX: usize = 4;
const BATCH_MAX: usize = 16;
/// How long leaving the group may take at the end.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(1500);
/// How long something that is away is left alone.
const RETRY_DELAY: Duration = Duration::from_millis(500);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(10);
/// Tries of a question that fails inside; then the answer says so.
const FAILURES_MAX: u32 = 3;

/// A question on Kafka.
struct Asked {
    topic: Arc<str>,
    partition: i32,
    offset: i64,
    meta: RecordMeta,
    /// What is asked, or why that cannot be read.
    request: Result<AskRequest, &'static str>,
}

pub(crate) struct Questions {
    subscription: Subscription<Asked>,
    worker: Arc<Worker>,
}

struct Worker {
    answerer: Arc<Answerer>,
    log: AnswerLog,
    acks: Acks,
    stop: CancellationToken,
}

impl Questions {
    /// Joins the group of the questions, beside `intake_group`.
    pub(crate) fn start(
        kafka: &KafkaConfig,
        intake_group: &str,
        answerer: Arc<Answerer>,
        log: AnswerLog,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        metrics::describe_counter!("seer_questions_total", "Questions answered over Kafka");
        let options = SubscriptionOptions {
            client_id: "kafkloud-seer",
            group: format!("{intake_group}-questions"),
            topics: TopicSelection::Named(vec![topic::SEER_QUESTION.to_owned()]),
            batch_max: BATCH_MAX,
        };
        let read = |record: &RecordRef<'_>| Some(Asked::read(record));
        let subscription = Subscription::start(kafka, options, StartFrom::Committed, read)
            .context("cannot subscribe to questions")?;
        let worker = Arc::new(Worker {
            answerer,
            log,
            acks: subscription.acks(),
            stop,
        });
        Ok(Self {
            subscription,
            worker,
        })
    }

    /// Answers until the stop signal; ends early only with an error.
    pub(crate) async fn run(mut self) -> anyhow::Result<()> {
        let room = Arc::new(Semaphore::new(AT_ONCE_MAX));
        let mut tasks = JoinSet::new();
        let stop = self.worker.stop.clone();
        let result = 'reading: loop {
            let batch = tokio::select! {
                () = stop.cancelled() => break Ok(()),
                batch = self.subscription.recv() => batch,
            };
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => break Err(error.into()),
            };
            for asked in batch.records {
                let permit = tokio::select! {
                    () = stop.cancelled() => break 'reading Ok(()),
                    permit = Arc::clone(&room).acquire_owned() => permit,
                };
                let worker = Arc::clone(&self.worker);
                tasks.spawn(async move {
                    let _permit = permit;
                    worker.work(asked).await;
                });
                while tasks.try_join_next().is_some() {}
            }
        };
        // What is not done by now is asked again at the next start.
        tasks.shutdown().await;
        self.subscription.close(CLOSE_TIMEOUT).await;
        result
    }
}

impl Worker {
    async fn work(&self, asked: Asked) {
        let answered = async {
            let answer = self.answer(&asked).await;
            self.publish(&asked, &answer).await;
        };
        tokio::select! {
            () = self.stop.cancelled() => return,
            () = answered => {}
        }
        self.acks
            .record_done(&asked.topic, asked.partition, asked.offset);
        metrics::counter!("seer_questions_total").increment(1);
    }

    /// Waits for an index that is away; a question that cannot be answered gets an answer that says so.
    async fn answer(&self, asked: &Asked) -> Answer {
        let request = match &asked.request {
            Ok(request) => request,
            Err(reason) => return refusal(reason),
        };
        let mut failures = 0;
        let mut delay = RETRY_DELAY;
        loop {
            let problem = match self.answerer.answer_in_turn(request.clone()).await {
                Ok(answer) => return answer,
                Err(problem) => problem,
            };
            let status = problem.problem.status;
            failures += u32::from(status == 500);
            // Anything else, such as an index that is away or being made anew, may be over soon.
            let hopeless = matches!(status, 400 | 413 | 422);
            if hopeless || failures == FAILURES_MAX {
                return refusal(&in_words(&problem));
            }
            tracing::debug!(id = %asked.meta.id, reason = problem.problem.title, "question waits");
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(RETRY_DELAY_MAX);
        }
    }

    /// Until Kafka has it.
    async fn publish(&self, asked: &Asked, answer: &Answer) {
        let question = asked.question();
        let mut delay = RETRY_DELAY;
        while let Err(error) = self.log.write(&question, answer).await {
            tracing::warn!(id = %question.id, %error, "answer not written; trying again");
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(RETRY_DELAY_MAX);
        }
    }
}

impl Asked {
    fn read(record: &RecordRef<'_>) -> Self {
        Self {
            topic: Arc::clone(record.topic()),
            partition: record.partition(),
            offset: record.offset(),
            meta: record.meta(),
            request: parse(record.value().unwrap_or_default()),
        }
    }

    /// As its answer tells it.
    fn question(&self) -> answer_log::Asked {
        let text = self
            .request
            .as_ref()
            .map(|request| request.question.clone());
        answer_log::Asked {
            id: self.meta.id,
            text: text.unwrap_or_default(),
            trace: self.meta.trace.unwrap_or_else(|| TraceParent {
                trace_id: fastrand::u128(1..),
                span_id: 0,
                sampled: true,
            }),
        }
    }
}

/// Plain text, or the JSON of `POST /ask`.
fn parse(value: &[u8]) -> Result<AskRequest, &'static str> {
    let text = std::str::from_utf8(value)
        .map_err(|_| "I can't answer this: the question is not UTF-8 text.")?
        .trim();
    // JSON needs room for its other fields; the question itself is measured again.
    if text.len() > 4 * QUESTION_BYTES_MAX {
        return Err("I can't answer this: the question is too long; ask in at most 8 KiB.");
    }
    if text.starts_with('{') {
        // A question about a piece of JSON is a question too.
        if let Ok(request) = serde_json::from_str(text) {
            return Ok(request);
        }
    }
    Ok(AskRequest {
        question: text.to_owned(),
        ..AskRequest::default()
    })
}

fn in_words(problem: &ApiProblem) -> String {
    let problem = &problem.problem;
    format!("I can't answer this: {}. {}", problem.title, problem.detail)
}

fn refusal(reason: &str) -> Answer {
    Answer {
        answer: reason.to_owned(),
        mode: AnswerMode::Extractive,
        known: false,
        citations: Vec::new(),
        unsupported: Vec::new(),
        degraded: None,
        conversation: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_as_text_and_as_json() {
        assert_eq!(parse(b" why?\n").unwrap().question, "why?");
        let request = parse(br#"{"question":"why?","topics":["orders"]}"#).unwrap();
        assert_eq!(request.question, "why?");
        assert_eq!(request.topics, ["orders"]);
        let odd = "{what does this mean?";
        assert_eq!(parse(odd.as_bytes()).unwrap().question, odd);
        assert!(parse(b"\xff").is_err());
        assert!(parse(&[b'a'; 4 * QUESTION_BYTES_MAX + 1]).is_err());
        assert_eq!(parse(b"").unwrap().question, "");
    }
}
