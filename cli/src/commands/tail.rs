//! `kafkloud tail`: records as they arrive, from the consumer's live stream.
//!
//! When the connection breaks, the stream is resumed after its last event, whose id names a position in every partition:
//! nothing is left out and nothing shown twice.

use std::time::{Duration, SystemTime};

use clap::Args;
use contract::{Position, Timestamp, record::RecordView};

use crate::{
    Failure, Outcome,
    args::Context,
    http::{Service, ServiceError},
    moment,
    output::printable,
    record::Format,
    sse::{Event, Events},
};

#[derive(Args, Debug)]
pub struct TailArgs {
    /// Topics to show; without any, all user topics
    topics: Vec<String>,
    /// Where to begin: latest, earliest, an offset, a time (2026-01-31T09:30:00Z), or an age (15m, 2h)
    #[arg(long, value_name = "POSITION", default_value = "latest", value_parser = moment::parse_position)]
    from: Position,
    /// End after this many records
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
    /// What to print of each record
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const RETRY_DELAY_MIN: Duration = Duration::from_millis(250);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(5);

pub(crate) async fn run(args: TailArgs, context: &Context) -> Result<Outcome, Failure> {
    for topic in &args.topics {
        contract::topic::validate(topic).map_err(Failure::usage)?;
    }
    let consumer = Service::consumer(&context.endpoints.consumer)?;
    let stop = service::shutdown::on_signal();
    let mut tail = Tail {
        left: args.count.unwrap_or(u64::MAX),
        args,
        context,
        last_event_id: None,
    };
    tokio::select! {
        () = stop.cancelled() => {}
        followed = tail.follow(&consumer) => followed?,
    }
    Ok(Outcome::Done)
}

struct Tail<'a> {
    args: TailArgs,
    context: &'a Context,
    left: u64,
    last_event_id: Option<String>,
}

impl Tail<'_> {
    async fn follow(&mut self, consumer: &Service) -> Result<(), Failure> {
        let mut delay = RETRY_DELAY_MIN;
        let mut connected_before = false;
        while self.left > 0 {
            match self.connect(consumer).await {
                Ok(events) => {
                    connected_before = true;
                    if self.show_all(events).await? > 0 {
                        delay = RETRY_DELAY_MIN;
                    }
                }
                Err(error) if connected_before && error.is_temporary() => {}
                Err(error) => return Err(error.into()),
            }
            if self.left > 0 {
                let hint = format!("the stream ended; connecting again in {delay:?}");
                self.context.output.hint(hint);
                tokio::time::sleep(delay).await;
                delay = (delay * 2).min(RETRY_DELAY_MAX);
            }
        }
        Ok(())
    }

    async fn connect(&mut self, consumer: &Service) -> Result<Events, ServiceError> {
        let now = Timestamp::from(SystemTime::now());
        let mut request = consumer
            .client
            .get(consumer.url(&["consume"]))
            .query(&[("from", self.args.from.to_string())]);
        if !self.args.topics.is_empty() {
            request = request.query(&[("topics", self.args.topics.join(","))]);
        }
        if let Some(id) = &self.last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = consumer.send(request).await?;
        // Should the stream break before its first event, what comes in between is not to be left out.
        if self.args.from == Position::Latest {
            self.args.from = Position::Time(now);
        }
        Ok(Events::new(response))
    }

    /// Shows a stream's events until it ends, in whatever way: it is resumed. Returns how many there were.
    async fn show_all(&mut self, mut events: Events) -> Result<u64, Failure> {
        let mut count = 0;
        while self.left > 0
            && let Ok(Some(event)) = events.next().await
        {
            self.show(&event)?;
            count += 1;
        }
        Ok(count)
    }

    fn show(&mut self, event: &Event) -> Result<(), Failure> {
        if event.id.is_some() {
            self.last_event_id.clone_from(&event.id);
        }
        match event.name.as_str() {
            "streamer" => {}
            "missed" => {
                let text = format!(
                    "missed some records, which came faster than they could be shown: {}",
                    printable(&event.data)
                );
                self.context.output.warn(text);
                return Ok(());
            }
            // Of a later version.
            _ => return Ok(()),
        }
        let record: RecordView = serde_json::from_str(&event.data).map_err(anyhow::Error::from)?;
        self.left -= 1;
        self.args.format.print(&record, &self.context.output)
    }
}
