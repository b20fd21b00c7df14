//! Texts that wait for the model, in the order in which they get it: a question is never behind a backlog of documents.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::{BatchLimits, EmbedError};

/// Texts of questions that may wait; whoever asks more is told to come back.
const QUESTIONS_WAITING_MAX: usize = 1_000;

/// Who waits for the vectors, the most urgent first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lane {
    /// A person.
    Question,
    /// Messages that just came.
    Live,
    /// Messages that are read again.
    Backfill,
}

type Vectors = Result<Vec<Vec<f32>>, EmbedError>;

/// What one caller asked for.
struct Request {
    vectors: Vec<Vec<f32>>,
    missing: usize,
    answer: oneshot::Sender<Vectors>,
}

/// One text of a request.
pub(super) struct Item {
    request: u64,
    /// Its place among the request's texts.
    place: usize,
    text: String,
}

#[derive(Default)]
struct State {
    /// By [`Lane`].
    waiting: [VecDeque<Item>; 3],
    /// Those that are gone were answered, if with an error.
    requests: HashMap<u64, Request>,
    last_request: u64,
}

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(super) struct Lanes {
    state: Arc<Mutex<State>>,
    arrived: Arc<Notify>,
}

impl Lanes {
    /// Puts texts into a lane; the vectors come through what is returned.
    pub(super) fn push(&self, texts: Vec<String>, lane: Lane) -> oneshot::Receiver<Vectors> {
        let (answer, answered) = oneshot::channel();
        let mut state = self.state.lock();
        let waiting = state.waiting[lane as usize].len();
        if texts.is_empty() {
            let _ = answer.send(Ok(Vec::new()));
            return answered;
        }
        if lane == Lane::Question && waiting + texts.len() > QUESTIONS_WAITING_MAX {
            let _ = answer.send(Err(EmbedError::Away(
                "too many questions are waiting".to_owned(),
            )));
            return answered;
        }
        state.last_request += 1;
        let request = state.last_request;
        state.requests.insert(
            request,
            Request {
                vectors: vec![Vec::new(); texts.len()],
                missing: texts.len(),
                answer,
            },
        );
        let mut items: Vec<Item> = texts
            .into_iter()
            .enumerate()
            .map(|(place, text)| Item {
                request,
                place,
                text,
            })
            .collect();
        // Texts of like length together: a batch costs as much as its longest text times its size.
        items.sort_by_key(|item| item.text.len());
        state.waiting[lane as usize].extend(items);
        drop(state);
        self.arrived.notify_one();
        answered
    }

    /// Waits for the next texts to be computed together.
    pub(super) async fn next(&self, limits: BatchLimits) -> Vec<Item> {
        loop {
            let arrived = self.arrived.notified();
            let batch = self.state.lock().take(limits);
            if !batch.is_empty() {
                return batch;
            }
            arrived.await;
        }
    }

    /// Hands out what became of a batch.
    pub(super) fn done(&self, batch: &[Item], vectors: Vectors) {
        let mut state = self.state.lock();
        match vectors {
            Ok(vectors) => {
                for (item, vector) in batch.iter().zip(vectors) {
                    state.fill(item, vector);
                }
            }
            Err(error) => {
                for item in batch {
                    if let Some(request) = state.requests.remove(&item.request) {
                        let _ = request.answer.send(Err(error.clone()));
                    }
                }
            }
        }
    }
}

impl Item {
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl State {
    /// From the first lane that has any: another lane's texts would make them later.
    fn take(&mut self, limits: BatchLimits) -> Vec<Item> {
        let mut batch: Vec<Item> = Vec::new();
        let mut longest = 0;
        for lane in 0..self.waiting.len() {
            while let Some(item) = self.waiting[lane].pop_front() {
                if self.is_given_up(item.request) {
                    continue;
                }
                let longest_then = longest.max(item.text.len());
                let fits =
                    batch.len() < limits.texts && (batch.len() + 1) * longest_then <= limits.bytes;
                if !fits && !batch.is_empty() {
                    self.waiting[lane].push_front(item);
                    break;
                }
                longest = longest_then;
                batch.push(item);
            }
            if !batch.is_empty() {
                break;
            }
        }
        batch
    }

    /// Whether nobody waits for the answer any more, or it failed already.
    fn is_given_up(&mut self, request: u64) -> bool {
        let gone = self
            .requests
            .get(&request)
            .is_none_or(|request| request.answer.is_closed());
        if gone {
            self.requests.remove(&request);
        }
        gone
    }

    fn fill(&mut self, item: &Item, vector: Vec<f32>) {
        let Some(request) = self.requests.get_mut(&item.request) else {
            return;
        };
        request.vectors[item.place] = vector;
        request.missing -= 1;
        if request.missing == 0
            && let Some(request) = self.requests.remove(&item.request)
        {
            let _ = request.answer.send(Ok(request.vectors));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

    use super::*;

    const LIMITS: BatchLimits = BatchLimits {
        calls: 1,
        texts: 3,
        bytes: 100,
    };

    fn texts(batch: &[Item]) -> Vec<&str> {
        batch.iter().map(Item::text).collect()
    }

    #[tokio::test]
    async fn questions_go_before_documents_and_live_ones_before_those_read_again() {
        let lanes = Lanes::default();
        let _again = lanes.push(vec!["again".to_owned()], Lane::Backfill);
        let _live = lanes.push(vec!["live".to_owned()], Lane::Live);
        let _question = lanes.push(vec!["question".to_owned()], Lane::Question);
        for expected in ["question", "live", "again"] {
            assert_eq!(texts(&lanes.next(LIMITS).await), [expected]);
        }
    }

    #[tokio::test]
    async fn texts_of_many_callers_are_computed_together_and_come_back_to_each() {
        let lanes = Lanes::default();
        let first = lanes.push(vec!["three".to_owned(), "one".to_owned()], Lane::Live);
        let second = lanes.push(vec!["seven".to_owned()], Lane::Live);
        let batch = lanes.next(LIMITS).await;
        assert_eq!(texts(&batch), ["one", "three", "seven"]);
        lanes.done(&batch, Ok(vec![vec![1.0], vec![3.0], vec![7.0]]));
        assert_eq!(first.await.unwrap().unwrap(), [[3.0], [1.0]]);
        assert_eq!(second.await.unwrap().unwrap(), [[7.0]]);
    }

    #[tokio::test]
    async fn a_long_text_is_computed_with_fewer_others() {
        let lanes = Lanes::default();
        let long = "x".repeat(60);
        let huge = "x".repeat(600);
        let _all = lanes.push(vec!["a".to_owned(), huge.clone(), long.clone()], Lane::Live);
        assert_eq!(texts(&lanes.next(LIMITS).await), ["a"]);
        assert_eq!(texts(&lanes.next(LIMITS).await), [long]);
        assert_eq!(texts(&lanes.next(LIMITS).await), [huge]);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_not_computed() {
        let lanes = Lanes::default();
        drop(lanes.push(vec!["gone".to_owned()], Lane::Question));
        let failing = lanes.push(["a", "b", "c", "d"].map(str::to_owned).to_vec(), Lane::Live);
        let batch = lanes.next(LIMITS).await;
        assert_eq!(texts(&batch), ["a", "b", "c"]);
        lanes.done(&batch, Err(EmbedError::Failed("broken".to_owned())));
        assert!(failing.await.unwrap().is_err());
        let _next = lanes.push(vec!["next".to_owned()], Lane::Live);
        assert_eq!(texts(&lanes.next(LIMITS).await), ["next"]);
    }

    #[tokio::test]
    async fn questions_that_wait_are_bounded() {
        let lanes = Lanes::default();
        let many = vec![String::new(); QUESTIONS_WAITING_MAX];
        let _waiting = lanes.push(many, Lane::Question);
        let answer = lanes.push(vec![String::new()], Lane::Question);
        assert!(matches!(answer.await.unwrap(), Err(EmbedError::Away(_))));
    }
}
