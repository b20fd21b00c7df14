//! `kafkloud groups`: consumer groups, asked of the consumer.

use clap::{Args, Subcommand};
use contract::{
    Position,
    cluster::{GroupPartitionView, GroupView, OffsetReset, OffsetResetOutcome, TopicPartition},
};

use crate::{
    Failure, Outcome,
    args::Context,
    consent,
    http::Service,
    moment,
    output::{Output, Paint, grouped, printable},
};

#[derive(Args, Debug)]
pub struct GroupsArgs {
    #[command(subcommand)]
    command: GroupsCommand,
}

#[derive(Debug, Subcommand)]
enum GroupsCommand {
    /// List the groups with what they have yet to read
    List,
    /// Show a group's members and, for each partition, how far it is
    Describe { group: String },
    /// Let a group without members go on from elsewhere; shows what moves, then asks
    Reset(ResetArgs),
    /// Delete a group without members
    Delete {
        group: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Args, Debug)]
struct ResetArgs {
    group: String,
    /// Where to go on: earliest, latest, an offset, a time (2026-01-31T09:30:00Z), or an age (15m, 2h)
    #[arg(long, value_name = "POSITION", value_parser = moment::parse_position)]
    to: Position,
    /// All partitions of this topic; may be given many times [default: all that the group has read]
    #[arg(long, short, value_name = "TOPIC")]
    topic: Vec<String>,
    /// This partition; may be given many times
    #[arg(long, short, value_name = "TOPIC:NUMBER", value_parser = parse_partition)]
    partition: Vec<TopicPartition>,
    /// Only show what would move
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(args: GroupsArgs, context: &Context) -> Result<Outcome, Failure> {
    let consumer = Service::consumer(&context.endpoints)?;
    let output = &context.output;
    match args.command {
        GroupsCommand::List => {
            let groups: Vec<GroupView> = consumer.get(&["groups"], &[]).await?;
            print_list(&groups, output)?;
        }
        GroupsCommand::Describe { group } => {
            let group: GroupView = consumer.get(&["groups", &group], &[]).await?;
            print_group(group, output)?;
        }
        GroupsCommand::Reset(args) => reset(args, &consumer, output).await?,
        GroupsCommand::Delete { group, yes } => {
            let name = printable(&group);
            if !yes {
                let consequence = format!("this deletes {name} and forgets how far it has read");
                consent::ask(&consequence, &group, output)?;
            }
            let url = consumer.url(&["groups", &group]);
            consumer.send(consumer.client.delete(url)).await?;
            if output.json {
                output.json_line(&serde_json::json!({"group": group, "change": "deleted"}))?;
            } else {
                output.line(format!("deleted {name}"))?;
            }
        }
    }
    Ok(Outcome::Done)
}

async fn reset(args: ResetArgs, consumer: &Service, output: &Output) -> Result<(), Failure> {
    let mut wanted = OffsetReset {
        to: args.to,
        topics: args.topic,
        partitions: args.partition,
        dry_run: true,
    };
    let ask = async |wanted: &OffsetReset| -> Result<OffsetResetOutcome, Failure> {
        let url = consumer.url(&["groups", &args.group, "offsets"]);
        Ok(consumer
            .json(consumer.client.post(url).json(wanted))
            .await?)
    };
    if !args.yes {
        let preview = ask(&wanted).await?;
        if args.dry_run || !output.json {
            print_reset(&preview, output)?;
        }
        if args.dry_run {
            return Ok(());
        }
        let consequence = format!(
            "this moves {} to {}",
            printable(&args.group),
            printable(&args.to.to_string())
        );
        consent::ask(&consequence, &args.group, output)?;
    }
    wanted.dry_run = args.dry_run;
    let outcome = ask(&wanted).await?;
    if args.yes || output.json {
        return print_reset(&outcome, output);
    }
    // The table has been shown; it may have grown by what came meanwhile.
    output.line(summary(&outcome))
}

fn print_list(groups: &[GroupView], output: &Output) -> Result<(), Failure> {
    if output.json {
        return groups.iter().try_for_each(|group| output.json_line(group));
    }
    if groups.is_empty() {
        output.hint("no groups yet: a program that reads as one makes it");
        return Ok(());
    }
    let rows = groups.iter().map(|group| {
        vec![
            printable(&group.group),
            printable(&group.state),
            group.members.len().to_string(),
            count(group.lag),
            rate(group.rate),
        ]
    });
    output.table(&["group", "state", "members", "lag", "per second"], rows)
}

fn print_group(mut group: GroupView, output: &Output) -> Result<(), Failure> {
    if output.json {
        return output.json_line(&group);
    }
    // What is furthest behind is what one looks for.
    group.partitions.sort_by_key(|found| -found.lag);
    output.line(output.paint(Paint::Bold, &printable(&group.group)))?;
    output.line(format!("  state      {}", printable(&group.state)))?;
    output.line(format!("  lag        {}", count(group.lag)))?;
    output.line(format!("  per second {}", rate(group.rate)))?;
    if !group.members.is_empty() {
        output.line("")?;
        let rows = group.members.iter().map(|member| {
            let assigned = member.assigned.iter();
            let assigned: Vec<String> = assigned
                .map(|place| format!("{}:{}", printable(&place.topic), place.partition))
                .collect();
            vec![
                printable(&member.client_id),
                printable(&member.client_host),
                assigned.join(" "),
            ]
        });
        output.table(&["member", "host", "reads"], rows)?;
    }
    if group.partitions.is_empty() {
        output.hint("it has committed no offset");
        return Ok(());
    }
    output.line("")?;
    let rows = group.partitions.iter().map(|found| {
        vec![
            printable(&found.topic),
            found.partition.to_string(),
            found.committed_offset.to_string(),
            found.next_offset.to_string(),
            count(found.lag),
            reader(&group, found),
        ]
    });
    let header = ["topic", "partition", "next", "end", "lag", "member"];
    output.table(&header, rows)
}

/// Who reads a partition now.
fn reader(group: &GroupView, found: &GroupPartitionView) -> String {
    let reads =
        |place: &TopicPartition| place.topic == found.topic && place.partition == found.partition;
    let mut members = group.members.iter();
    members
        .find(|member| member.assigned.iter().any(reads))
        .map_or_else(|| "-".to_owned(), |member| printable(&member.client_id))
}

fn print_reset(outcome: &OffsetResetOutcome, output: &Output) -> Result<(), Failure> {
    if output.json {
        return output.json_line(outcome);
    }
    let rows = outcome.partitions.iter().map(|moved| {
        vec![
            printable(&moved.topic),
            moved.partition.to_string(),
            moved
                .before
                .map_or_else(|| "-".to_owned(), |before| before.to_string()),
            moved.after.to_string(),
            grouped(moved.replays),
            grouped(moved.skips),
        ]
    });
    let header = [
        "topic",
        "partition",
        "before",
        "after",
        "read again",
        "left out",
    ];
    output.table(&header, rows)?;
    output.line(summary(outcome))
}

fn summary(outcome: &OffsetResetOutcome) -> String {
    let OffsetResetOutcome {
        group,
        dry_run,
        replays,
        skips,
        partitions,
    } = outcome;
    let moved = if *dry_run { "would move" } else { "moved" };
    let places = match partitions.len() {
        1 => "1 partition".to_owned(),
        count => format!("{count} partitions"),
    };
    format!(
        "{moved} {} in {places}: {} records read again, {} left out",
        printable(group),
        grouped(*replays),
        grouped(*skips)
    )
}

fn count(count: i64) -> String {
    grouped(u64::try_from(count).unwrap_or(0))
}

fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}"))
}

fn parse_partition(text: &str) -> Result<TopicPartition, String> {
    let partition = text.rsplit_once(':').and_then(|(topic, number)| {
        let partition = number.parse::<u32>().ok()?;
        Some(TopicPartition {
            topic: (!topic.is_empty()).then(|| topic.to_owned())?,
            partition: i32::try_from(partition).ok()?,
        })
    });
    partition.ok_or_else(|| "give it as TOPIC:NUMBER, such as orders:0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions() {
        let partition = parse_partition("orders.v1:12").unwrap();
        assert_eq!(
            (partition.topic.as_str(), partition.partition),
            ("orders.v1", 12)
        );
        for text in ["orders", "orders:", ":1", "orders:-1", "orders:x"] {
            assert!(parse_partition(text).is_err(), "{text}");
        }
    }
}
