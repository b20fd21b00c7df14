//! A cluster of several brokers, which keep copies of what is written for each other.
//!
//! Runs with `make test-external` only: the embedded broker is one.

use std::time::Duration;

use bus::{Admin, AdminError, KafkaConfig, KafkaSecurity, Publisher, PublisherConfig};
use contract::{cluster::NewTopic, topic};
use e2e::{apache_kafka::ApacheKafka, wait};
use tokio::time::timeout;

use crate::kafka_access::message;

const COPIES: u16 = 3;
const TOPIC: &str = "orders";

/// How many brokers are to keep each partition, and how many of them have all of it.
async fn copies(admin: &Admin, topic: &str) -> anyhow::Result<Vec<(usize, usize)>> {
    let topic = admin.describe_topic(topic).await?.topic;
    let partitions = topic.partitions.iter();
    Ok(partitions
        .map(|partition| (partition.replicas.len(), partition.in_sync.len()))
        .collect())
}

async fn started<T: Send + 'static>(
    start: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(start).await?
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_outlives_a_broker() -> anyhow::Result<()> {
    let port = || free_ports::offset(&[0, 1]);
    let first = port();
    let Some(first) = started(move || ApacheKafka::start_cluster(first, COPIES)).await? else {
        return Ok(());
    };
    let kafka = KafkaConfig {
        broker: first.address(),
        security: KafkaSecurity::default(),
    };
    let admin = Admin::new(&kafka, "test")?;
    // Alone it cannot keep as many copies as the cluster wants, and a topic made with fewer would stay so.
    let orders = NewTopic {
        name: TOPIC.to_owned(),
        ..NewTopic::default()
    };
    let refused = wait::until("an answer of Kafka", async || {
        match admin.create_topic(&orders).await {
            Err(AdminError::Unavailable(_)) => Ok(None),
            answer => Ok(Some(answer)),
        }
    })
    .await?;
    assert!(
        matches!(refused, Err(AdminError::Invalid(_))),
        "{refused:?}"
    );
    let waiting = admin.clone();
    let made = tokio::spawn(async move { waiting.ensure_internal_topics().await });

    let ports = [port(), port()];
    let (first, others) = started(move || {
        let others = [first.add_broker(ports[0])?, first.add_broker(ports[1])?];
        Ok((first, others))
    })
    .await?;
    timeout(wait::DEADLINE, made).await??;
    wait::until("room for all copies", async || {
        match admin.create_topic(&orders).await {
            // By a request whose answer came too late.
            Ok(()) | Err(AdminError::TopicExists(_)) => Ok(Some(())),
            Err(error) => Err(error.into()),
        }
    })
    .await?;
    let three = (usize::from(COPIES), usize::from(COPIES));
    for topic in [topic::LIFECYCLE, topic::DEAD_LETTER, TOPIC] {
        wait::until(format!("three copies of {topic}"), async || {
            let copies = copies(&admin, topic).await?;
            Ok(copies.iter().all(|found| *found == three).then_some(()))
        })
        .await?;
    }
    let lifecycle = admin.describe_topic(topic::LIFECYCLE).await?;
    let in_sync = lifecycle.configs.iter();
    let in_sync = in_sync.filter(|config| config.name == "min.insync.replicas");
    let in_sync: Vec<_> = in_sync.map(|config| config.value.as_deref()).collect();
    assert_eq!(in_sync, [Some("2")]);

    // Whichever of them led a partition: another one goes on, with all that was acknowledged.
    let publisher = Publisher::new(&kafka, "test", PublisherConfig::default())?;
    let before = publisher.publish(&message(TOPIC, b"before")).await?;
    let [gone, stays] = others;
    started(move || {
        drop(gone);
        Ok(())
    })
    .await?;
    wait::until("one copy fewer", async || {
        let copies = copies(&admin, topic::LIFECYCLE).await?;
        Ok(copies.iter().all(|found| *found == (3, 2)).then_some(()))
    })
    .await?;
    let after = publisher.publish(&message(TOPIC, b"after")).await?;
    assert_eq!(after.offset, before.offset + 1);
    publisher.close(Duration::from_secs(5)).await;
    started(move || {
        drop((stays, first));
        Ok(())
    })
    .await
}
