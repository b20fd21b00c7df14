//! A question to Kafka that many want the answer of, asked once for all of them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bus::AdminError;
use parking_lot::Mutex;
use service::CancellationToken;
use tokio::sync::{Notify, watch};

/// How often it is asked while somebody wants to know.
const INTERVAL: Duration = Duration::from_secs(1);
/// How old an answer may be; when asking takes longer than the interval, nobody waits for the next one.
const AGE_MAX: Duration = Duration::from_secs(2);
/// How long it is asked on after the last one who wanted to know, so that rates are known to those who look again.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// What is asked.
pub(crate) trait Question: Send + Sync + 'static {
    type Answer: Send + Sync;

    fn ask(&self) -> impl Future<Output = Result<Self::Answer, AdminError>> + Send;
}

/// Asks while somebody wants to know, and stops when nobody has for a while.
pub(crate) struct Sampler<Q: Question>(Arc<Shared<Q>>);

struct Shared<Q: Question> {
    question: Q,
    latest: watch::Sender<Option<Sample<Q::Answer>>>,
    /// The last answer that was none of an error.
    good: Mutex<Option<Arc<Q::Answer>>>,
    demand: Mutex<Demand>,
    /// Somebody does not want to wait for the interval.
    hurry: Notify,
    stop: CancellationToken,
}

struct Sample<T> {
    begun: Instant,
    answer: Result<Arc<T>, AdminError>,
}

#[derive(Default)]
struct Demand {
    is_running: bool,
    wanted_at: Option<Instant>,
}

impl<Q: Question> Sampler<Q> {
    pub(crate) fn new(question: Q, stop: CancellationToken) -> Self {
        Self(Arc::new(Shared {
            question,
            latest: watch::channel(None).0,
            good: Mutex::default(),
            demand: Mutex::default(),
            hurry: Notify::new(),
            stop,
        }))
    }

    /// An answer of the last seconds.
    pub(crate) async fn get(&self) -> Result<Arc<Q::Answer>, AdminError> {
        let oldest = Instant::now().checked_sub(AGE_MAX);
        self.asked_since(oldest.unwrap_or_else(Instant::now)).await
    }

    /// An answer that knows what has just been changed.
    pub(crate) async fn get_anew(&self) -> Result<Arc<Q::Answer>, AdminError> {
        let now = Instant::now();
        self.0.hurry.notify_one();
        self.asked_since(now).await
    }

    /// The last answer there was, however long ago.
    pub(crate) fn last(&self) -> Option<Arc<Q::Answer>> {
        self.0.good.lock().clone()
    }

    async fn asked_since(&self, moment: Instant) -> Result<Arc<Q::Answer>, AdminError> {
        let shared = &self.0;
        let mut latest = shared.latest.subscribe();
        shared.want();
        let is_new = |sample: &Option<Sample<_>>| {
            sample.as_ref().is_some_and(|sample| sample.begun >= moment)
        };
        let stopped = || AdminError::Unavailable("the service is about to end".to_owned());
        let sample = tokio::select! {
            sample = latest.wait_for(is_new) => sample.map_err(|_| stopped())?,
            () = shared.stop.cancelled() => return Err(stopped()),
        };
        match sample.as_ref() {
            Some(sample) => sample.answer.clone(),
            None => Err(stopped()),
        }
    }
}

impl<Q: Question> Shared<Q> {
    fn want(self: &Arc<Self>) {
        let mut demand = self.demand.lock();
        demand.wanted_at = Some(Instant::now());
        if !demand.is_running {
            demand.is_running = true;
            let stop = self.stop.clone();
            let sampling = Arc::clone(self).sample();
            tokio::spawn(async move { stop.run_until_cancelled(sampling).await });
        }
    }

    async fn sample(self: Arc<Self>) {
        while self.is_wanted() {
            let begun = Instant::now();
            let answer = self.question.ask().await.map(Arc::new);
            if let Ok(answer) = &answer {
                *self.good.lock() = Some(Arc::clone(answer));
            }
            self.latest.send_replace(Some(Sample { begun, answer }));
            let left = INTERVAL.saturating_sub(begun.elapsed());
            // The time is over, or somebody hurries.
            let _ = tokio::time::timeout(left, self.hurry.notified()).await;
        }
    }

    /// Ends the sampling when nobody has wanted to know for a while; under the lock, so that whoever comes next starts it
    /// again.
    fn is_wanted(&self) -> bool {
        let mut demand = self.demand.lock();
        demand.is_running = demand
            .wanted_at
            .is_some_and(|wanted_at| wanted_at.elapsed() < IDLE_MAX);
        demand.is_running
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures::future::join_all;

    use super::*;

    #[derive(Default)]
    struct Counter {
        asked: AtomicU64,
    }

    impl Question for Counter {
        type Answer = u64;

        async fn ask(&self) -> Result<u64, AdminError> {
            Ok(self.asked.fetch_add(1, Ordering::SeqCst))
        }
    }

    #[tokio::test]
    async fn many_who_ask_are_one_question_and_a_change_is_seen() {
        let stop = CancellationToken::new();
        let sampler = Sampler::new(Counter::default(), stop.clone());
        let asked = || sampler.0.question.asked.load(Ordering::SeqCst);
        assert_eq!((sampler.last(), asked()), (None, 0), "nobody asks");
        let answers = join_all((0..200).map(|_| sampler.get())).await;
        assert!(answers.iter().all(|answer| answer.as_deref() == Ok(&0)));
        assert_eq!(asked(), 1);
        let later = sampler.get_anew().await.unwrap();
        assert!(*later > 0);
        assert!(sampler.last() >= Some(later));
        stop.cancel();
        assert!(
            sampler.get_anew().await.is_err(),
            "it ends with the service"
        );
    }
}
