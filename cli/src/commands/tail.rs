//! `kafkloud tail`: records as they arrive, from the consumer's live stream.
//!
//! When the connection breaks, the stream is resumed after its last event, whose id names a position in every partition:
//! nothing is left out and nothing shown twice.

use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};
use contract::{Timestamp, record::RecordView};

use crate::{
    Failure, Outcome,
    args::Context,
    http::{Service, ServiceError},
    moment,
    output::{Paint, printable},
    sse::{Event, Events},
};

#[derive(Args, Debug)]
pub struct TailArgs {
    /// Topics to show; without any, all user topics
    topics: Vec<String>,
    /// Where to begin: latest, earliest, an offset, a time (2026-01-31T09:30:00Z), or an age (15m, 2h)
    #[arg(long, value_name = "POSITION", default_value = "latest", value_parser = parse_from)]
    from: String,
    /// End after this many records
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
    /// What to print of each record
    #[arg(long, value_enum, default_value_t = Format::Record)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    /// Position, time, key and value
    Record,
    /// The value alone
    Value,
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
            .query(&[("from", &self.args.from)]);
        if !self.args.topics.is_empty() {
            request = request.query(&[("topics", self.args.topics.join(","))]);
        }
        if let Some(id) = &self.last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = consumer.send(request).await?;
        // Should the stream break before its first event, what comes in between is not to be left out.
        if self.args.from == "latest" {
            self.args.from = now.to_string();
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
        self.print(&record, &event.data)
    }

    fn print(&self, record: &RecordView, json: &str) -> Result<(), Failure> {
        let output = &self.context.output;
        let value = record.value.as_deref().unwrap_or_default();
        match self.args.format {
            Format::Value if output.json => output.json_line(&record.value),
            Format::Value if output.terminal => output.line(printable(value)),
            Format::Value => output.line(value),
            Format::Record if output.json => output.line(json),
            Format::Record => {
                let place = format!("{}:{}:{}", record.topic, record.partition, record.offset);
                let at = record.timestamp.map(Timestamp::from_millis);
                output.line(format!(
                    "{}  {}  {}  {}",
                    output.paint(Paint::Dim, &place),
                    at.map_or_else(|| "-".to_owned(), |at| at.to_string()),
                    printable(record.key.as_deref().unwrap_or("-")),
                    printable(value),
                ))
            }
        }
    }
}

/// What the consumer's `from` takes; an age becomes the time it was.
fn parse_from(text: &str) -> Result<String, String> {
    let understood = matches!(text, "earliest" | "latest")
        || text.parse::<u64>().is_ok()
        || text.parse::<Timestamp>().is_ok();
    if understood {
        return Ok(text.to_owned());
    }
    moment::of_age(text)
        .map(|moment| moment.to_string())
        .ok_or_else(|| {
            "give latest, earliest, an offset, a time such as 2026-01-31T09:30:00Z, or an age such as 15m"
                .to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        for text in ["latest", "earliest", "42", "2026-01-31T09:30:00Z"] {
            assert_eq!(parse_from(text).as_deref(), Ok(text));
        }
        let age: Timestamp = parse_from("15m").unwrap().parse().unwrap();
        let micros = Timestamp::from(SystemTime::now()).micros_since(age);
        assert!(micros >= 15 * 60 * 1_000_000);
        assert!(parse_from("yesterday").is_err());
        assert!(parse_from("-1").is_err());
    }
}
