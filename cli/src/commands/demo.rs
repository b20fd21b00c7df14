//! `kafkloud demo`: a file goes through, and what comes out is compared with what was acknowledged.
//!
//! Three accounts have to agree: the receipts of the producer, the consumer's status of each message, and the log
//! itself, read back from its beginning.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;
use contract::{MessageId, cluster::TopicView, record::RecordView, topic};
use serde::Serialize;
use service::CancellationToken;
use uuid::Uuid;

use crate::{
    Failure, Outcome,
    args::Context,
    commands::status::Goal,
    confirm::{Confirmation, confirm},
    endpoints::Endpoints,
    http::{Service, ServiceError},
    ingest::{Format, FormatChoice, Progress, Pushed, Source, Tally, Upload, push},
    output::{Paint, grouped},
    sse::Events,
    up::{self, Platform, Ports, UpConfig},
};

#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The file; every line is a message
    #[arg(long, short, value_name = "FILE")]
    file: PathBuf,
    /// Topic to write to [default: a new one, demo-…]
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// What the lines are
    #[arg(long, value_enum, default_value_t = FormatChoice::Auto)]
    format: FormatChoice,
}

const READY_PATIENCE: Duration = Duration::from_secs(30);
const CONSUMED_PATIENCE: Duration = Duration::from_secs(60);
const READ_BACK_PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn run(args: DemoArgs, context: &Context) -> Result<Outcome, Failure> {
    let name = args
        .topic
        .clone()
        .unwrap_or_else(|| format!("demo-{}", Uuid::now_v7().simple()));
    topic::validate_user(&name).map_err(Failure::usage)?;
    let stop = service::shutdown::on_signal();
    let own = OwnPlatform::start_unless_running(context, stop.clone()).await?;
    let endpoints = own
        .as_ref()
        .map_or(&context.endpoints, |own| &own.endpoints);
    let verdict = tokio::select! {
        verdict = demonstrate(args, &name, endpoints, context) => verdict,
        () = stop.cancelled() => Err(anyhow::anyhow!("stopped before the end").into()),
    };
    if let Some(own) = own {
        own.end().await?;
    }
    let verdict = verdict?;
    verdict.print(context)?;
    Ok(if verdict.holds {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}

async fn demonstrate(
    args: DemoArgs,
    topic: &str,
    endpoints: &Endpoints,
    context: &Context,
) -> Result<Verdict, Failure> {
    let consumer = Service::consumer(endpoints)?;
    let source = Source::File(args.file);
    let progress = Progress::new(&context.output, source.bytes());
    let upload = Upload {
        producer: Service::producer(endpoints)?,
        topic: topic.to_owned(),
        format: Format::Text,
        key: None,
        key_field: None,
        idempotency_key: Uuid::now_v7().to_string(),
        // Ctrl-C ends the demo as a whole.
        stop: CancellationToken::new(),
    };
    let started = Instant::now();
    let tally = Tally::default().keeping_receipts();
    let pushed = push(source, 1, args.format, upload, tally, &progress, |_| Ok(())).await?;
    let Pushed {
        tally, ended_early, ..
    } = pushed;
    if let Some(failure) = ended_early {
        return Err(failure);
    }
    let receipts = tally.receipts.as_deref().unwrap_or_default();
    let acked: HashSet<MessageId> = receipts.iter().map(|receipt| receipt.id).collect();
    let confirmed = confirm(
        &consumer,
        acked.iter().copied(),
        Goal::Consumed,
        CONSUMED_PATIENCE,
    )
    .await?;
    let elapsed = started.elapsed();
    let seen = read_back(&consumer, topic, &acked).await?;
    Ok(Verdict::new(
        topic, &tally, &acked, &confirmed, &seen, elapsed,
    ))
}

/// How often each acknowledged message stands in the log.
async fn read_back(
    consumer: &Service,
    topic: &str,
    acked: &HashSet<MessageId>,
) -> Result<HashMap<MessageId, u32>, Failure> {
    let topics: Vec<TopicView> = consumer.get(&["topics"], &[]).await?;
    let records = topics
        .iter()
        .find(|view| view.name == topic)
        .map_or(0, |view| view.records);
    let request = consumer
        .client
        .get(consumer.url(&["consume"]))
        .query(&[("topics", topic), ("from", "earliest")]);
    let mut events = Events::new(consumer.send(request).await?);
    let mut seen = HashMap::new();
    let mut read = 0;
    let reading = async {
        while read < records {
            let next = events.next().await;
            let event = next.map_err(|error| consumer.body_error(&error))?;
            let Some(event) = event else { break };
            if event.name != "streamer" {
                continue;
            }
            let record: RecordView =
                serde_json::from_str(&event.data).map_err(|error| consumer.unexpected(&error))?;
            read += 1;
            if acked.contains(&record.id) {
                *seen.entry(record.id).or_insert(0) += 1;
            }
        }
        Ok::<(), ServiceError>(())
    };
    tokio::time::timeout(READ_BACK_PATIENCE, reading)
        .await
        .map_err(|_| anyhow::anyhow!("the log could not be read back in time"))??;
    Ok(seen)
}

#[derive(Debug, Serialize)]
struct Verdict {
    holds: bool,
    topic: String,
    lines: u64,
    acked: u64,
    failed: u64,
    consumed: u64,
    /// Acknowledged, but not consumed or not in the log.
    missing: u64,
    /// More than once in the log, or receipts that share an id.
    twice: u64,
    /// From the first line to the last message consumed.
    seconds: f64,
    per_second: f64,
}

impl Verdict {
    fn new(
        topic: &str,
        tally: &Tally,
        acked: &HashSet<MessageId>,
        confirmed: &Confirmation,
        seen: &HashMap<MessageId, u32>,
        elapsed: Duration,
    ) -> Self {
        let not_in_log = acked.iter().filter(|id| !seen.contains_key(id));
        let missing: HashSet<_> = confirmed.missing.iter().chain(not_in_log).collect();
        let repeated = seen.values().filter(|&&count| count > 1).count() as u64;
        let twice = repeated + (tally.acked - acked.len() as u64);
        let lines = tally.acked + tally.failed + tally.unknown.len() as u64;
        let seconds = elapsed.as_secs_f64();
        Self {
            holds: lines > 0
                && tally.acked == lines
                && confirmed.reached == tally.acked
                && missing.is_empty()
                && twice == 0,
            topic: topic.to_owned(),
            lines,
            acked: tally.acked,
            failed: tally.failed,
            consumed: confirmed.reached,
            missing: missing.len() as u64,
            twice,
            seconds,
            per_second: confirmed.reached as f64 / seconds.max(1e-6),
        }
    }

    fn print(&self, context: &Context) -> Result<(), Failure> {
        let output = &context.output;
        if output.json {
            return output.json_line(self);
        }
        let header = [
            "lines",
            "acked",
            "failed",
            "consumed",
            "missing",
            "twice",
            "seconds",
            "per second",
        ];
        let row = vec![
            grouped(self.lines),
            grouped(self.acked),
            grouped(self.failed),
            grouped(self.consumed),
            grouped(self.missing),
            grouped(self.twice),
            format!("{:.2}", self.seconds),
            grouped(self.per_second as u64),
        ];
        output.table(&header, [row])?;
        output.line("")?;
        output.line(if self.holds {
            let equation = output.paint(Paint::Green, "acked = consumed");
            format!(
                "{equation}, none missing, none twice (topic {})",
                self.topic
            )
        } else {
            let verdict = output.paint(Paint::Red, "acked and consumed do not agree");
            format!("{verdict} (topic {})", self.topic)
        })
    }
}

/// A platform for the time of the demo, where none runs.
struct OwnPlatform {
    platform: Platform,
    endpoints: Endpoints,
    /// Deleted with everything in it at the end.
    _folder: tempfile::TempDir,
}

impl OwnPlatform {
    async fn start_unless_running(
        context: &Context,
        stop: CancellationToken,
    ) -> Result<Option<Self>, Failure> {
        let producer = Service::producer(&context.endpoints)?;
        let question = producer.client.get(producer.url(&["livez"]));
        let is_named =
            context.global.producer_url.is_some() || context.global.consumer_url.is_some();
        match producer.send(question).await {
            Err(ServiceError::Absent(_)) if !is_named => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(None),
        }
        context
            .output
            .hint("nothing runs here: starting a platform in a temporary folder");
        service::telemetry::init_at("warn");
        let folder = tempfile::tempdir()?;
        let mut config = UpConfig {
            kafka_broker: context.global.kafka_broker.clone(),
            // What is shown is that every message is consumed.
            seer: None,
            ..UpConfig::new(folder.path(), Ports::free())?
        };
        if let Some(token) = &context.endpoints.token {
            config.ask_for(token);
        }
        let platform = up::start(config, stop.child_token()).await?;
        let addresses = platform.addresses();
        addresses
            .wait_ready(READY_PATIENCE)
            .await
            .map_err(|missing| Failure::unavailable(format!("not ready: {missing}")))?;
        let endpoints = context.endpoints.of(addresses)?;
        Ok(Some(Self {
            platform,
            endpoints,
            _folder: folder,
        }))
    }

    async fn end(self) -> Result<(), Failure> {
        self.platform.stop();
        Ok(self.platform.join().await?)
    }
}
