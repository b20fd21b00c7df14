//! A live stream of records for the tail: the newest there are, what comes, and again when it breaks.

use tokio::{
    sync::mpsc::{self, error::SendError},
    time::sleep,
};

use super::{event::Event, poll::in_time, tail::Heard};
use crate::{
    feed::{Feed, FeedItem},
    http::ServiceError,
    sse::Events,
};

/// Records to show of what was there before somebody looks.
const NEWEST_RECORDS: usize = 50;

/// Until nobody listens any more, or the service refuses. Who listens slowly holds the stream up, and the service says what
/// that made it leave out.
pub(super) async fn follow(feed: Feed, generation: u64, events: mpsc::Sender<Event>) {
    let listener = Listener { generation, events };
    // An error is that nobody listens.
    let _ = listener.follow(feed).await;
}

struct Listener {
    generation: u64,
    events: mpsc::Sender<Event>,
}

impl Listener {
    async fn follow(&self, mut feed: Feed) -> Result<(), SendError<Event>> {
        let mut connected_before = false;
        loop {
            let lost = match in_time(feed.connect()).await {
                Ok(stream) => {
                    self.tell(Heard::Connected).await?;
                    let newest = feed.newest(NEWEST_RECORDS);
                    let is_first = !std::mem::replace(&mut connected_before, true);
                    // Asked for when the stream is open, so that none falls between the two.
                    let before = async {
                        match is_first {
                            // The tail can do without.
                            true => {
                                let records = in_time(newest).await.unwrap_or_default();
                                self.tell(Heard::Before(records)).await
                            }
                            false => Ok(()),
                        }
                    };
                    tokio::try_join!(before, self.tell_all(&mut feed, stream))?.1
                }
                Err(error) => error,
            };
            let reason = lost.to_string();
            if matches!(lost, ServiceError::Problem(_)) && !lost.is_temporary() {
                return self.tell(Heard::Refused(reason)).await;
            }
            self.tell(Heard::Lost(reason)).await?;
            sleep(feed.retry_delay()).await;
        }
    }

    /// Returns how the stream ended.
    async fn tell_all(
        &self,
        feed: &mut Feed,
        mut stream: Events,
    ) -> Result<ServiceError, SendError<Event>> {
        loop {
            let heard = match feed.next(&mut stream).await {
                Ok(FeedItem::Record(record)) => Heard::Record(record),
                Ok(FeedItem::Missed(count)) => Heard::Missed(count),
                Ok(FeedItem::Progress(progress)) => Heard::Progress(progress),
                Ok(FeedItem::Ended(problem)) => return Ok(ServiceError::Problem(problem)),
                Err(error) => return Ok(error),
            };
            self.tell(heard).await?;
        }
    }

    async fn tell(&self, heard: Heard) -> Result<(), SendError<Event>> {
        let generation = self.generation;
        self.events.send(Event::Tail { generation, heard }).await
    }
}
