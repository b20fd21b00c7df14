//! The consumer's live stream of records, gone on with where it broke.
//!
//! The id of each event names a position in every partition. Sent back when the stream is opened again, it leaves nothing
//! out and shows nothing twice.

use std::time::{Duration, SystemTime};

use contract::{
    Position, Problem, Timestamp,
    record::{ConsumeProgress, RecordPage, RecordView},
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    http::{Service, ServiceError},
    selection::Selection,
    sse::{Event, Events},
};

pub(crate) struct Feed {
    consumer: Service,
    /// None stands for all topics of users.
    topics: Vec<String>,
    selection: Selection,
    /// Where to begin.
    from: Position,
    /// Goes before `from`.
    last_event_id: Option<String>,
    retry_delay: Duration,
}

/// What an event of the stream says.
pub(crate) enum FeedItem {
    Record(Box<RecordView>),
    /// So many records came faster than they were read.
    Missed(u64),
    /// What was left out on purpose.
    Progress(ConsumeProgress),
    /// The stream ends, and would end again.
    Ended(Problem),
}

#[derive(Deserialize)]
struct Missed {
    missed: u64,
}

const RETRY_DELAY_MIN: Duration = Duration::from_millis(250);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(5);

impl Feed {
    pub(crate) fn new(
        consumer: Service,
        topics: Vec<String>,
        selection: Selection,
        from: Position,
    ) -> Self {
        Self {
            consumer,
            topics,
            selection,
            from,
            last_event_id: None,
            retry_delay: RETRY_DELAY_MIN,
        }
    }

    /// Opens the stream, at first or again.
    pub(crate) async fn connect(&mut self) -> Result<Events, ServiceError> {
        let now = Timestamp::from(SystemTime::now());
        let mut request = self
            .consumer
            .client
            .get(self.consumer.url(&["consume"]))
            .query(&self.parameters())
            .query(&[("from", self.from.to_string())]);
        if let Some(id) = &self.last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = self.consumer.send(request).await?;
        // Should the stream break before its first event, what comes in between is not to be left out.
        if self.from == Position::Latest {
            self.from = Position::Time(now);
        }
        Ok(Events::new(response))
    }

    /// The newest records there are, the oldest of them first.
    pub(crate) fn newest(
        &self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<RecordView>, ServiceError>> + use<> {
        let mut parameters = self.parameters();
        parameters.push(("limit", limit.to_string()));
        let consumer = self.consumer.clone();
        async move {
            let page: RecordPage = consumer.get(&["messages"], &parameters).await?;
            Ok(page.records.into_iter().rev().collect())
        }
    }

    fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters: Vec<_> = self.selection.parameters().collect();
        if !self.topics.is_empty() {
            parameters.push(("topics", self.topics.join(",")));
        }
        parameters
    }

    /// The next thing that the stream says; an error when it has ended.
    pub(crate) async fn next(&mut self, events: &mut Events) -> Result<FeedItem, ServiceError> {
        loop {
            let event = events.next().await;
            let event = event.map_err(|error| self.consumer.body_error(&error))?;
            let event = event.ok_or_else(|| self.consumer.broken("the stream ended"))?;
            if let Some(item) = self.take(event)? {
                return Ok(item);
            }
        }
    }

    /// What an event says, if it is of a kind that this version knows; notes where to go on.
    fn take(&mut self, event: Event) -> Result<Option<FeedItem>, ServiceError> {
        if event.id.is_some() {
            self.last_event_id = event.id;
        }
        self.retry_delay = RETRY_DELAY_MIN;
        let data = &event.data;
        Ok(Some(match event.name.as_str() {
            "streamer" => FeedItem::Record(self.read(data)?),
            "missed" => FeedItem::Missed(self.read::<Missed>(data)?.missed),
            "progress" => FeedItem::Progress(self.read(data)?),
            "problem" => FeedItem::Ended(self.read(data)?),
            _ => return Ok(None),
        }))
    }

    fn read<T: DeserializeOwned>(&self, data: &str) -> Result<T, ServiceError> {
        serde_json::from_str(data).map_err(|error| self.consumer.unexpected(&error))
    }

    /// How long to wait before the stream is opened again: longer each time until something comes.
    pub(crate) fn retry_delay(&mut self) -> Duration {
        let delay = self.retry_delay;
        self.retry_delay = (delay * 2).min(RETRY_DELAY_MAX);
        delay
    }
}
