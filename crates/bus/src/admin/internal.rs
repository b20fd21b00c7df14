//! The topics that Kafkloud needs for itself.

use std::time::Duration;

use contract::topic;
use rdkafka::{
    admin::{NewTopic, TopicReplication},
    consumer::Consumer,
    error::RDKafkaErrorCode,
};

use super::{Admin, AdminError, Shared, TIMEOUT, options, topics::change_result};

/// So many replicas of a service can share the work of one.
const PARTITIONS: i32 = 6;
/// Copies where there are brokers enough: one may be away for repair and another one fail.
const REPLICATION: i32 = 3;
/// As many copies as the cluster makes of a topic when nobody says how many. Where there are few brokers yet, it alone knows how many
/// there will be: it refuses until they are there, and a topic that is made too early keeps one copy for good.
const AS_THE_CLUSTER_SAYS: i32 = -1;
/// How soon is looked again when the broker does not answer or more have to come, and when somebody has to make a topic by hand.
const RETRY_DELAY: Duration = Duration::from_secs(1);
const REFUSED_DELAY: Duration = Duration::from_secs(10);

/// A topic of Kafkloud's own. `terraform/confluent` makes the same ones.
struct Internal {
    name: &'static str,
    /// As Kafka takes it.
    retention_ms: &'static str,
}

const TOPICS: [Internal; 2] = [
    // 7 days: as long as the consumer keeps the life of a message.
    Internal {
        name: topic::LIFECYCLE,
        retention_ms: "604800000",
    },
    // 30 days: somebody has to look at these, perhaps after a holiday.
    Internal {
        name: topic::DEAD_LETTER,
        retention_ms: "2592000000",
    },
];

impl Admin {
    /// Makes the topics that Kafkloud needs for itself, where they are missing, as they befit the cluster. Returns when all
    /// are there: a broker that is away is waited for, and so is somebody with the right to make them.
    pub async fn ensure_internal_topics(&self) {
        let mut told = None;
        loop {
            let delay = match self.make_internal_topics().await {
                Ok(()) => return,
                Err(AdminError::Unavailable(_)) => RETRY_DELAY,
                Err(error) => {
                    let reason = error.to_string();
                    let is_news = told.as_ref() != Some(&reason);
                    told = Some(reason.clone());
                    // A cluster whose brokers are still to come says that what it is asked for is invalid.
                    if matches!(error, AdminError::Invalid(_)) {
                        if is_news {
                            tracing::warn!(
                                reason,
                                "the topics that Kafkloud needs cannot be made yet"
                            );
                        }
                        RETRY_DELAY
                    } else {
                        if is_news {
                            tracing::error!(reason, "cannot make the topics that Kafkloud needs");
                        }
                        REFUSED_DELAY
                    }
                }
            };
            tokio::time::sleep(delay).await;
        }
    }

    async fn make_internal_topics(&self) -> Result<(), AdminError> {
        let (missing, brokers) = self.blocking(Shared::missing_topics).await?;
        for topic in missing {
            let answer = self
                .shared
                .admin
                .create_topics([&topic.described(brokers)], &options())
                .await?;
            match change_result(topic.name, answer) {
                Ok(()) => tracing::info!(topic = topic.name, brokers, "topic made"),
                // By another service, in between.
                Err(AdminError::TopicExists(_)) => {}
                Err(AdminError::Refused(reason)) => {
                    return Err(AdminError::Refused(topic.advice(&reason, brokers)));
                }
                Err(AdminError::Invalid(reason)) => {
                    let found = format!("{reason} (brokers so far: {brokers})");
                    return Err(AdminError::Invalid(found));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Internal {
    fn described(&self, brokers: usize) -> NewTopic<'static> {
        let replication = replication(brokers);
        let topic = NewTopic::new(self.name, PARTITIONS, TopicReplication::Fixed(replication))
            .set("retention.ms", self.retention_ms);
        if replication < REPLICATION {
            return topic;
        }
        // What was acknowledged survives the loss of any one broker.
        topic.set("min.insync.replicas", "2")
    }

    /// For whoever has the right to make topics that we have not.
    fn advice(&self, reason: &str, brokers: usize) -> String {
        let Self { name, retention_ms } = self;
        let copies = match replication(brokers) {
            REPLICATION => "3 copies",
            _ => "as many copies as there will be brokers, 3 at most",
        };
        format!(
            "{reason}. Allow CREATE on topic “{name}”, or make it: {PARTITIONS} partitions, {copies}, retention.ms={retention_ms}"
        )
    }
}

fn replication(brokers: usize) -> i32 {
    if brokers >= REPLICATION as usize {
        REPLICATION
    } else {
        AS_THE_CLUSTER_SAYS
    }
}

impl Shared {
    /// What is not there, and how many brokers are. Looked at before anything is made: whoever may not make topics would be
    /// refused even where there is nothing to make.
    fn missing_topics(&self) -> Result<(Vec<&'static Internal>, usize), AdminError> {
        let mut missing = Vec::new();
        let mut brokers = 0;
        for topic in &TOPICS {
            let metadata = self.reader.fetch_metadata(Some(topic.name), TIMEOUT)?;
            brokers = metadata.brokers().len();
            let is_missing = metadata.topics().iter().any(|found| {
                let error = found.error().map(RDKafkaErrorCode::from);
                matches!(
                    error,
                    Some(
                        RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic
                    )
                )
            });
            missing.extend(is_missing.then_some(topic));
        }
        Ok((missing, brokers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_copies_where_there_are_brokers_for_them() {
        assert_eq!([1, 2, 3, 6].map(replication), [-1, -1, 3, 3]);
        let advice = TOPICS[1].advice("Broker: Topic authorization failed", 3);
        assert!(
            advice.contains("3 copies, retention.ms=2592000000"),
            "{advice}"
        );
    }
}
