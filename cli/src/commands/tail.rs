//! `kafkloud tail`: records as they arrive, from the consumer's live stream.
//!
//! The stream is resumed after its last event when the connection breaks. Offsets of a partition only grow, so what a
//! resumed stream shows again is left out here.

use std::{collections::HashMap, time::Duration};

use clap::{Args, ValueEnum};
use contract::{Timestamp, record::RecordView};
use service::CancellationToken;

use crate::{
    Failure, Outcome,
    args::Context,
    http::{Service, ServiceError},
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
        next_offsets: HashMap::new(),
    };
    tail.follow(&consumer, &stop).await?;
    Ok(Outcome::Done)
}

struct Tail<'a> {
    args: TailArgs,
    context: &'a Context,
    left: u64,
    last_event_id: Option<String>,
    /// Per topic and partition, the first offset that has not been shown.
    next_offsets: HashMap<(String, i32), i64>,
}

impl Tail<'_> {
    async fn follow(
        &mut self,
        consumer: &Service,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let mut delay = RETRY_DELAY_MIN;
        let mut connected_before = false;
        while self.left > 0 {
            let streamed = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                streamed = self.stream_once(consumer, &mut delay) => streamed?,
            };
            match streamed {
                Ok(()) => connected_before = true,
                Err(error) if connected_before && error.is_temporary() => {}
                Err(error) => return Err(error.into()),
            }
            if self.left == 0 {
                break;
            }
            let hint = format!("the stream ended; connecting again in {delay:?}");
            self.context.output.hint(hint);
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(delay) => {}
            }
            delay = (delay * 2).min(RETRY_DELAY_MAX);
        }
        Ok(())
    }

    /// Shows one response's events until it ends. The outer error is our own (printing), the inner the service's.
    async fn stream_once(
        &mut self,
        consumer: &Service,
        delay: &mut Duration,
    ) -> Result<Result<(), ServiceError>, Failure> {
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
        let response = match consumer.send(request).await {
            Ok(response) => response,
            Err(error) => return Ok(Err(error)),
        };
        let mut events = Events::new(response);
        while self.left > 0 {
            match events.next().await {
                Ok(Some(event)) => self.show(&event)?,
                Ok(None) => break,
                // Broken in the middle: resumed like after an orderly end.
                Err(error) => {
                    tracing::debug!(%error, "the stream broke");
                    break;
                }
            }
            *delay = RETRY_DELAY_MIN;
        }
        Ok(Ok(()))
    }

    fn show(&mut self, event: &Event) -> Result<(), Failure> {
        if event.id.is_some() {
            self.last_event_id.clone_from(&event.id);
        }
        if event.name != "streamer" {
            let text = format!("{}: {}", event.name, printable(&event.data));
            self.context.output.warn(text);
            return Ok(());
        }
        let record: RecordView = serde_json::from_str(&event.data).map_err(anyhow::Error::from)?;
        let partition = (record.topic.clone(), record.partition);
        let next_offset = self.next_offsets.entry(partition).or_insert(0);
        if record.offset < *next_offset {
            return Ok(());
        }
        *next_offset = record.offset + 1;
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
    humantime::parse_duration(text)
        .ok()
        .and_then(|age| std::time::SystemTime::now().checked_sub(age))
        .map(|time| Timestamp::from(time).to_string())
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
        let micros = Timestamp::from(std::time::SystemTime::now()).micros_since(age);
        assert!(micros >= 15 * 60 * 1_000_000);
        assert!(parse_from("yesterday").is_err());
        assert!(parse_from("-1").is_err());
    }
}
