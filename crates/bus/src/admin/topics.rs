use std::collections::BTreeMap;

use contract::{
    cluster::{PartitionView, TopicView},
    topic,
};
use rdkafka::{
    admin::{ConfigSource, NewTopic, ResourceSpecifier, TopicReplication},
    consumer::Consumer,
    error::RDKafkaErrorCode,
    metadata::MetadataTopic,
};
use uuid::Uuid;

use super::{Admin, AdminError, Shared, TIMEOUT, options, refusal};
use crate::{native, offsets};

/// A topic with what only the broker's configuration knows.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicDescription {
    pub topic: TopicView,
    /// Absent where the broker knows no topic ids.
    pub id: Option<Uuid>,
    pub configs: Vec<TopicConfigEntry>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TopicConfigEntry {
    pub name: String,
    pub value: Option<String>,
    /// Set on this topic rather than the broker's default.
    pub is_own: bool,
}

/// What a new topic is to be like; what is not said is the broker's default.
#[derive(Clone, Debug, Default)]
pub struct NewTopicOptions {
    pub partitions: Option<i32>,
    pub replication: Option<i32>,
    pub configs: BTreeMap<String, String>,
}

impl Admin {
    /// All topics, by name.
    pub async fn topics(&self) -> Result<Vec<TopicView>, AdminError> {
        self.blocking(|shared| shared.topics(None)).await
    }

    pub async fn describe_topic(&self, name: &str) -> Result<TopicDescription, AdminError> {
        let topic = name.to_owned();
        let (view, id) = self
            .blocking(move |shared| {
                let view = shared.topic(&topic)?;
                let ids = native::topic_ids(shared.reader.client(), &[&topic], TIMEOUT)
                    .map_err(|error| AdminError::Unavailable(error.to_string()))?;
                Ok((view, ids.first().map(|(_, id)| *id)))
            })
            .await?;
        let resource = [ResourceSpecifier::Topic(name)];
        let answer = self
            .shared
            .admin
            .describe_configs(&resource, &options())
            .await?;
        let mut configs = Vec::new();
        for resource in answer {
            let entries = resource.map_err(refusal)?.entries;
            configs.extend(entries.into_iter().map(|entry| TopicConfigEntry {
                name: entry.name,
                value: entry.value,
                is_own: entry.source == ConfigSource::DynamicTopic,
            }));
        }
        configs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(TopicDescription {
            topic: view,
            id,
            configs,
        })
    }

    pub async fn create_topic(&self, name: &str, new: &NewTopicOptions) -> Result<(), AdminError> {
        // -1 asks for the broker's default.
        let replication = TopicReplication::Fixed(new.replication.unwrap_or(-1));
        let partitions = new.partitions.unwrap_or(-1);
        let topic = new.configs.iter().fold(
            NewTopic::new(name, partitions, replication),
            |topic, (name, value)| topic.set(name, value),
        );
        let answer = self
            .shared
            .admin
            .create_topics([&topic], &options())
            .await?;
        change_result(name, answer)
    }

    /// Deletes a topic and all its records.
    pub async fn delete_topic(&self, name: &str) -> Result<(), AdminError> {
        let answer = self.shared.admin.delete_topics(&[name], &options()).await?;
        change_result(name, answer)
    }
}

impl Shared {
    /// One topic, or all.
    pub(super) fn topics(&self, name: Option<&str>) -> Result<Vec<TopicView>, AdminError> {
        let metadata = self.reader.fetch_metadata(name, TIMEOUT)?;
        let mut topics = Vec::new();
        for found in metadata.topics() {
            match found.error().map(RDKafkaErrorCode::from) {
                None => topics.push(view(found)),
                Some(
                    RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic,
                ) => {}
                // In the middle of being made or deleted.
                Some(RDKafkaErrorCode::LeaderNotAvailable) => topics.push(view(found)),
                Some(code) if name.is_some() => return Err(refusal(code)),
                Some(code) => tracing::debug!(topic = found.name(), %code, "topic left out"),
            }
        }
        self.fill_offsets(&mut topics)?;
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    pub(super) fn topic(&self, name: &str) -> Result<TopicView, AdminError> {
        let unknown = || AdminError::UnknownTopic(name.to_owned());
        topic::validate(name).map_err(|_| unknown())?;
        self.topics(Some(name))?.pop().ok_or_else(unknown)
    }

    fn fill_offsets(&self, topics: &mut [TopicView]) -> Result<(), AdminError> {
        // Asking about a partition without leader waits for one.
        let led = topics.iter().flat_map(|topic| {
            let led = topic.partitions.iter().filter(|found| found.leader >= 0);
            led.map(|found| (topic.name.as_str(), found.partition))
        });
        let ranges = offsets::ranges(&self.reader, led, TIMEOUT)?;
        for topic in topics {
            for found in &mut topic.partitions {
                let range = ranges.get(&(topic.name.clone(), found.partition));
                (found.first_offset, found.next_offset) = range.copied().unwrap_or_default();
                topic.records += found.next_offset - found.first_offset;
            }
        }
        Ok(())
    }
}

fn view(found: &MetadataTopic) -> TopicView {
    let partitions = found.partitions().iter().map(|partition| PartitionView {
        partition: partition.id(),
        leader: partition.leader(),
        first_offset: 0,
        next_offset: 0,
    });
    let mut partitions: Vec<_> = partitions.collect();
    partitions.sort_by_key(|found| found.partition);
    TopicView {
        name: found.name().to_owned(),
        internal: topic::is_internal(found.name()),
        records: 0,
        partitions,
    }
}

fn change_result(
    name: &str,
    answer: Vec<Result<String, (String, RDKafkaErrorCode)>>,
) -> Result<(), AdminError> {
    for result in answer {
        result.map_err(|(_, code)| match code {
            RDKafkaErrorCode::TopicAlreadyExists => AdminError::TopicExists(name.to_owned()),
            RDKafkaErrorCode::UnknownTopicOrPartition => AdminError::UnknownTopic(name.to_owned()),
            code => refusal(code),
        })?;
    }
    Ok(())
}
