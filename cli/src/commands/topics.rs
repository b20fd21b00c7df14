//! `kafkloud topics`: Kafka's topics, asked of Kafka itself.

use std::collections::BTreeMap;

use bus::{Admin, AdminError, KafkaConfig, KafkaSecurity};
use clap::{Args, Subcommand};
use contract::{
    cluster::{NewTopic, TopicDescription, TopicView},
    topic,
};
use serde::Serialize;

use crate::{
    Failure, Outcome,
    args::Context,
    consent,
    output::{Output, Paint, grouped},
};

#[derive(Args, Debug)]
pub struct TopicsArgs {
    #[command(flatten, next_help_heading = "How Kafka lets us in")]
    security: Box<KafkaSecurity>,
    #[command(subcommand)]
    command: TopicsCommand,
}

#[derive(Debug, Subcommand)]
enum TopicsCommand {
    /// List the topics
    List {
        /// Show Kafkloud's and Kafka's own topics too
        #[arg(long)]
        all: bool,
    },
    /// Create a topic
    Create {
        topic: String,
        /// Number of partitions; Kafka's default without it
        #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
        partitions: Option<i32>,
        /// Number of copies of each partition; Kafka's default without it
        #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=32767))]
        replication: Option<i32>,
        /// A setting of the topic, such as retention.ms=86400000; may be given many times
        #[arg(long, short, value_name = "NAME=VALUE", value_parser = parse_config)]
        config: Vec<(String, String)>,
    },
    /// Show a topic's partitions and settings
    Describe { topic: String },
    /// Delete a topic with all its messages
    Delete {
        topic: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(crate) async fn run(args: TopicsArgs, context: &Context) -> Result<Outcome, Failure> {
    let kafka = KafkaConfig {
        broker: context.endpoints.kafka_broker.clone(),
        security: *args.security,
    };
    let output = &context.output;
    let connect = || Admin::new(&kafka, "kafkloud-cli");
    let failed = |error| failure(error, &kafka);
    match args.command {
        TopicsCommand::List { all } => {
            let mut topics = connect()?.topics().await.map_err(failed)?;
            topics.retain(|topic| all || !topic.internal);
            print_list(&topics, output)?;
        }
        TopicsCommand::Create {
            topic,
            partitions,
            replication,
            config,
        } => {
            topic::validate_user(&topic).map_err(Failure::usage)?;
            let new = NewTopic {
                name: topic.clone(),
                partitions,
                replication,
                configs: BTreeMap::from_iter(config),
            };
            connect()?.create_topic(&new).await.map_err(failed)?;
            print_change("created", &topic, output)?;
        }
        TopicsCommand::Describe { topic } => {
            let described = connect()?.describe_topic(&topic).await;
            print_description(&described.map_err(failed)?, output)?;
        }
        TopicsCommand::Delete { topic, yes } => {
            if !yes {
                let consequence = format!("this deletes {topic} with all its messages");
                consent::ask(&consequence, &topic, output)?;
            }
            connect()?.delete_topic(&topic).await.map_err(failed)?;
            print_change("deleted", &topic, output)?;
        }
    }
    Ok(Outcome::Done)
}

fn failure(error: AdminError, kafka: &KafkaConfig) -> Failure {
    let outcome = match &error {
        AdminError::Unavailable(why) => {
            return Failure::unavailable(format!(
                "no Kafka at {}: start it with `make up` or `kafkloud up`, or give --kafka-broker ({why})",
                kafka.broker
            ));
        }
        AdminError::Barred(_) => return Failure::unavailable(error.to_string()),
        AdminError::UnknownTopic(_) => Outcome::NotYet,
        _ => Outcome::Failed,
    };
    Failure::new(outcome, error)
}

fn print_list(topics: &[TopicView], output: &Output) -> Result<(), Failure> {
    if output.json {
        return topics.iter().try_for_each(|topic| output.json_line(topic));
    }
    if topics.is_empty() {
        output.hint(
            "no topics yet: `kafkloud produce` makes one, and so does `kafkloud topics create`",
        );
        return Ok(());
    }
    let rows = topics.iter().map(|topic| {
        vec![
            topic.name.clone(),
            topic.partitions.len().to_string(),
            grouped(u64::try_from(topic.records).unwrap_or(0)),
        ]
    });
    output.table(&["topic", "partitions", "records"], rows)
}

fn print_change(change: &str, topic: &str, output: &Output) -> Result<(), Failure> {
    if output.json {
        return output.json_line(&serde_json::json!({"topic": topic, "change": change}));
    }
    output.line(format!("{change} {topic}"))
}

#[derive(Serialize)]
struct DescriptionLine<'a> {
    #[serde(flatten)]
    topic: &'a TopicView,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    configs: BTreeMap<&'a str, Option<&'a str>>,
}

fn print_description(described: &TopicDescription, output: &Output) -> Result<(), Failure> {
    let TopicDescription { topic, id, configs } = described;
    let id = id.map(|id| id.to_string());
    if output.json {
        let configs = configs.iter();
        return output.json_line(&DescriptionLine {
            topic,
            id,
            configs: configs
                .map(|entry| (entry.name.as_str(), entry.value.as_deref()))
                .collect(),
        });
    }
    output.line(output.paint(Paint::Bold, &topic.name))?;
    if let Some(id) = id {
        output.line(format!("id {id}"))?;
    }
    output.line("")?;
    let partitions = topic.partitions.iter().map(|partition| {
        vec![
            partition.partition.to_string(),
            partition.leader.to_string(),
            brokers(&partition.replicas),
            brokers(&partition.in_sync),
            partition.first_offset.to_string(),
            partition.next_offset.to_string(),
        ]
    });
    output.table(
        &[
            "partition",
            "leader",
            "replicas",
            "in sync",
            "first offset",
            "next offset",
        ],
        partitions,
    )?;
    output.line("")?;
    let settings = configs.iter().map(|entry| {
        let set_by = if entry.is_own { "topic" } else { "default" };
        let value = entry.value.as_deref().unwrap_or("-");
        vec![entry.name.clone(), value.to_owned(), set_by.to_owned()]
    });
    output.table(&["setting", "value", "set by"], settings)
}

fn brokers(ids: &[i32]) -> String {
    let ids: Vec<_> = ids.iter().map(i32::to_string).collect();
    ids.join(",")
}

fn parse_config(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("give it as NAME=VALUE, such as retention.ms=86400000".to_owned()),
    }
}
