//! `kafkloud tail`: records as they arrive, from the consumer's live stream.

use clap::Args;
use contract::{Position, record::ConsumeProgress};

use crate::{
    Failure, Outcome,
    args::Context,
    feed::{Feed, FeedItem},
    http::{Service, ServiceError},
    moment,
    output::{grouped, printable},
    record::Format,
    selection::{self, Selection},
    sse::Events,
};

#[derive(Args, Debug)]
pub struct TailArgs {
    /// Topics to show; without any, all user topics
    topics: Vec<String>,
    /// Where to begin: latest, earliest, an offset, a time (2026-01-31T09:30:00Z), or an age (15m, 2h)
    #[arg(long, value_name = "POSITION", default_value = "latest", value_parser = moment::parse_position)]
    from: Position,
    #[command(flatten)]
    selection: Selection,
    /// End after this many records
    #[arg(long, short = 'n', value_name = "N")]
    count: Option<u64>,
    /// What to print of each record
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) async fn run(args: TailArgs, context: &Context) -> Result<Outcome, Failure> {
    for topic in &args.topics {
        contract::topic::validate(topic).map_err(Failure::usage)?;
    }
    let consumer = Service::consumer(&context.endpoints)?;
    let stop = service::shutdown::on_signal();
    let feed = Feed::new(consumer, args.topics, args.selection, args.from);
    let mut tail = Tail {
        left: args.count.unwrap_or(u64::MAX),
        format: args.format,
        context,
    };
    tokio::select! {
        () = stop.cancelled() => {}
        followed = tail.follow(feed) => followed?,
    }
    Ok(Outcome::Done)
}

struct Tail<'a> {
    format: Format,
    context: &'a Context,
    left: u64,
}

impl Tail<'_> {
    async fn follow(&mut self, mut feed: Feed) -> Result<(), Failure> {
        let mut connected_before = false;
        while self.left > 0 {
            match feed.connect().await {
                Ok(events) => {
                    connected_before = true;
                    self.show_all(&mut feed, events).await?;
                }
                Err(error) if connected_before && error.is_temporary() => {}
                Err(error) => return Err(selection::failure(error)),
            }
            if self.left > 0 {
                let delay = feed.retry_delay();
                let hint = format!("the stream ended; connecting again in {delay:?}");
                self.context.output.hint(hint);
                tokio::time::sleep(delay).await;
            }
        }
        Ok(())
    }

    /// Shows what a stream says until it breaks: it is opened again.
    async fn show_all(&mut self, feed: &mut Feed, mut events: Events) -> Result<(), Failure> {
        let output = &self.context.output;
        while self.left > 0 {
            match feed.next(&mut events).await {
                Ok(FeedItem::Record(record)) => {
                    self.left -= 1;
                    self.format.print(&record, output)?;
                }
                Ok(FeedItem::Missed(count)) => output.warn(format!(
                    "missed {count} records, which came faster than they could be shown"
                )),
                Ok(FeedItem::Progress(progress)) => self.tell_failed(&progress),
                Ok(FeedItem::Ended(problem)) => {
                    return Err(selection::failure(ServiceError::Problem(problem)));
                }
                Err(error @ ServiceError::Unexpected(_)) => return Err(error.into()),
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn tell_failed(&self, progress: &ConsumeProgress) {
        if let Some(error) = &progress.error {
            let count = grouped(progress.failed);
            let error = printable(error);
            self.context.output.hint(format!(
                "--where cannot be evaluated on {count} records: {error}"
            ));
        }
    }
}
