//! Asks the services how they are and what they have, over and over. Each answer is told as it comes, so a service that is
//! slow holds up nothing but the next round.

use std::time::{Duration, Instant};

use contract::seer::IndexState;
use tokio::{
    sync::mpsc::{self, error::SendError},
    time::{MissedTickBehavior, interval, timeout},
};

use super::event::{Answer, Event};
use crate::{
    http::{Service, ServiceError},
    up::Part,
};

/// Where the services are.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    pub(crate) producer: Service,
    pub(crate) consumer: Service,
    pub(crate) seer: Service,
}

/// After which a service counts as away. The consumer gives Kafka two seconds for each of its own questions.
const PATIENCE: Duration = Duration::from_secs(5);

/// Until nobody listens any more.
pub(super) async fn poll(sources: Sources, pause: Duration, events: mpsc::Sender<Event>) {
    let mut rounds = interval(pause);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if round(&sources, &events).await.is_err() {
            return;
        }
    }
}

async fn round(sources: &Sources, events: &mpsc::Sender<Event>) -> Result<(), SendError<Event>> {
    let Sources {
        producer,
        consumer,
        seer,
    } = sources;
    let readiness = async |part, service: &Service| {
        let readiness = told_in_time(service.readiness()).await;
        tell(events, Answer::Readiness(part, readiness)).await
    };
    tokio::try_join!(
        readiness(Part::Producer, producer),
        readiness(Part::Consumer, consumer),
        readiness(Part::Seer, seer),
        async {
            let summary = told_in_time(consumer.get(&["status"], &[])).await;
            tell(events, Answer::Summary(summary)).await
        },
        async {
            let topics = told_in_time(consumer.get(&["topics"], &[])).await;
            tell(events, Answer::Topics(topics)).await
        },
        async {
            let groups = told_in_time(consumer.get(&["groups"], &[])).await;
            tell(events, Answer::Groups(groups)).await
        },
        async {
            let index = told_in_time(seer.get::<IndexState>(&["index"], &[])).await;
            tell(events, Answer::Index(index.ok())).await
        },
    )?;
    Ok(())
}

async fn tell(events: &mpsc::Sender<Event>, answer: Answer) -> Result<(), SendError<Event>> {
    let at = Instant::now();
    events.send(Event::Answered { at, answer }).await
}

/// What a service answers, or the words that say why it does not.
pub(super) async fn told_in_time<T>(
    answer: impl Future<Output = Result<T, ServiceError>>,
) -> Result<T, String> {
    in_time(answer).await.map_err(|error| error.to_string())
}

pub(super) async fn in_time<T>(
    answer: impl Future<Output = Result<T, ServiceError>>,
) -> Result<T, ServiceError> {
    let late = |_| ServiceError::Broken(format!("it does not answer within {PATIENCE:?}"));
    timeout(PATIENCE, answer)
        .await
        .unwrap_or_else(|elapsed| Err(late(elapsed)))
}
