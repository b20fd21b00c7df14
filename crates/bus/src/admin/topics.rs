use std::collections::HashMap;

use contract::{
    cluster::{
        NewTopic as NewTopicRequest, PartitionView, Retention, TopicConfig, TopicDescription,
        TopicView,
    },
    topic,
};
use rdkafka::{
    admin::{ConfigSource, NewTopic, OwnedResourceSpecifier, ResourceSpecifier, TopicReplication},
    consumer::Consumer,
    error::RDKafkaErrorCode,
    metadata::MetadataTopic,
};

use super::{Admin, AdminError, Shared, TIMEOUT, options, refusal};
use crate::{native, offsets};

impl Admin {
    /// All topics, by name.
    pub async fn topics(&self) -> Result<Vec<TopicView>, AdminError> {
        self.blocking(|shared| shared.topics(None)).await
    }

    pub async fn describe_topic(&self, name: &str) -> Result<TopicDescription, AdminError> {
        let topic = name.to_owned();
        let (mut view, id) = self
            .blocking(move |shared| {
                let view = shared.topic(&topic)?;
                let ids = native::topic_ids(shared.reader.client(), &[&topic], TIMEOUT)?;
                Ok((view, ids.first().map(|(_, id)| *id)))
            })
            .await?;
        let configs = self.configs(&[name]).await?.remove(name);
        let mut configs = configs.unwrap_or_default();
        configs.sort_by(|a, b| a.name.cmp(&b.name));
        view.retention = Some(retention(&configs));
        Ok(TopicDescription {
            topic: view,
            id,
            configs,
        })
    }

    /// When the records of each topic leave the log. Topics of which the broker does not tell are left out.
    pub async fn retentions(
        &self,
        names: &[&str],
    ) -> Result<HashMap<String, Retention>, AdminError> {
        let configs = self.configs(names).await?;
        let retentions = configs
            .into_iter()
            .map(|(topic, configs)| (topic, retention(&configs)));
        Ok(retentions.collect())
    }

    /// The settings of each topic. Topics of which the broker does not tell are left out: they may be gone meanwhile.
    async fn configs(
        &self,
        names: &[&str],
    ) -> Result<HashMap<String, Vec<TopicConfig>>, AdminError> {
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        let resources: Vec<_> = names
            .iter()
            .map(|name| ResourceSpecifier::Topic(name))
            .collect();
        let answer = self
            .shared
            .admin
            .describe_configs(&resources, &options())
            .await?;
        let mut configs = HashMap::new();
        for resource in answer {
            let resource = match resource {
                Ok(resource) => resource,
                Err(code) => {
                    tracing::debug!(%code, "the settings of a topic are not told");
                    continue;
                }
            };
            let OwnedResourceSpecifier::Topic(topic) = resource.specifier else {
                continue;
            };
            let entries = resource.entries.into_iter().map(|entry| TopicConfig {
                name: entry.name,
                value: entry.value,
                is_own: entry.source == ConfigSource::DynamicTopic,
            });
            configs.insert(topic, entries.collect());
        }
        Ok(configs)
    }

    pub async fn create_topic(&self, new: &NewTopicRequest) -> Result<(), AdminError> {
        // Looked at first: whoever may not make topics would be refused for one that is there too.
        let name = new.name.clone();
        match self.blocking(move |shared| shared.topic(&name)).await {
            Ok(_) => return Err(AdminError::TopicExists(new.name.clone())),
            Err(AdminError::UnknownTopic(_)) => {}
            Err(error) => return Err(error),
        }
        // -1 asks for the broker's default.
        let replication = TopicReplication::Fixed(new.replication.unwrap_or(-1));
        let partitions = new.partitions.unwrap_or(-1);
        let topic = new.configs.iter().fold(
            NewTopic::new(&new.name, partitions, replication),
            |topic, (name, value)| topic.set(name, value),
        );
        let answer = self
            .shared
            .admin
            .create_topics([&topic], &options())
            .await?;
        change_result(&new.name, answer)
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
        replicas: partition.replicas().to_vec(),
        in_sync: partition.isr().to_vec(),
        first_offset: 0,
        next_offset: 0,
    });
    let mut partitions: Vec<_> = partitions.collect();
    partitions.sort_by_key(|found| found.partition);
    TopicView {
        name: found.name().to_owned(),
        internal: topic::is_internal(found.name()),
        partitions,
        ..TopicView::default()
    }
}

/// What the settings of a topic say about how long its records stay.
fn retention(configs: &[TopicConfig]) -> Retention {
    let value = |name: &str| {
        let entry = configs.iter().find(|entry| entry.name == name)?;
        entry.value.as_deref()
    };
    let policy = value("cleanup.policy").unwrap_or("delete");
    let deletes = policy.split(',').any(|word| word.trim() == "delete");
    // -1 is no limit.
    let limit = |name| {
        let limit: i64 = value(name)?.parse().ok()?;
        (deletes && limit >= 0).then_some(limit)
    };
    Retention {
        age_ms: limit("retention.ms"),
        partition_bytes: limit("retention.bytes"),
        compacted: policy.split(',').any(|word| word.trim() == "compact"),
    }
}

pub(super) fn change_result(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_tell_when_records_leave() {
        let told = |settings: &[(&str, &str)]| {
            let configs = settings.iter().map(|(name, value)| TopicConfig {
                name: (*name).to_owned(),
                value: Some((*value).to_owned()),
                is_own: false,
            });
            retention(&configs.collect::<Vec<_>>())
        };
        let week = ("retention.ms", "604800000");
        assert_eq!(
            told(&[week, ("retention.bytes", "-1")]),
            Retention {
                age_ms: Some(604_800_000),
                ..Retention::default()
            }
        );
        let compacted = Retention {
            compacted: true,
            ..Retention::default()
        };
        assert_eq!(told(&[week, ("cleanup.policy", "compact")]), compacted);
        let both = told(&[week, ("cleanup.policy", "compact,delete")]);
        assert!(both.compacted && both.age_ms.is_some());
        assert_eq!(told(&[]), Retention::default());
    }
}
