//! The topics of this broker: which there are, how they are configured, and their partitions' logs.
//!
//! `topics.json` is the truth about which topics exist; it is replaced as a whole on every change.
//! Folders are made before a topic is written there and put aside after it has left, so whatever
//! moment the broker dies at, the next start finds no half of a topic.

mod folders;
pub(crate) mod name;
pub(crate) mod settings;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::StreamerConfig;
use crate::clock::now_ms;
use crate::log::{Flusher, PartitionLog, files};
use crate::refusal::Refusal;
use settings::{Overrides, Settings};

const TOPICS_FILE: &str = "topics.json";

/// A topic as it is at one moment; a change replaces it as a whole.
pub(crate) struct Topic {
    pub(crate) name: StrBytes,
    pub(crate) id: Uuid,
    pub(crate) overrides: Overrides,
    pub(crate) settings: Settings,
    pub(crate) partitions: Vec<Arc<PartitionLog>>,
}

pub(crate) struct Topics {
    config: StreamerConfig,
    flusher: Arc<Flusher>,
    known: RwLock<Known>,
    /// Held by whoever changes topics, over all the files that takes.
    changing: Mutex<()>,
}

#[derive(Default)]
struct Known {
    by_name: BTreeMap<String, Arc<Topic>>,
    by_id: HashMap<Uuid, Arc<Topic>>,
}

/// A topic as `topics.json` has it.
#[derive(Serialize, Deserialize)]
struct TopicRecord {
    name: String,
    id: Uuid,
    partitions: usize,
    #[serde(default)]
    config: Overrides,
}

impl Topic {
    pub(crate) fn partition(&self, index: i32) -> Option<&Arc<PartitionLog>> {
        self.partitions.get(usize::try_from(index).ok()?)
    }
}

impl Topics {
    /// Opens and recovers every topic of the data folder.
    pub(crate) fn open(config: &StreamerConfig) -> anyhow::Result<Self> {
        let path = config.data_dir.join(TOPICS_FILE);
        let records: Option<Vec<TopicRecord>> =
            files::read_json(&path).with_context(|| format!("cannot read {}", path.display()))?;
        folders::sweep(&config.data_dir, records.as_deref())?;
        let flusher = Arc::new(Flusher::start()?);
        let topics = Topics {
            config: config.clone(),
            flusher,
            known: RwLock::default(),
            changing: Mutex::default(),
        };
        for record in records.into_iter().flatten() {
            let settings = Settings::resolve(&record.config, config)
                .with_context(|| format!("the configuration of topic {}", record.name))?;
            let partitions = topics
                .open_partitions(&record.name, record.id, 0..record.partitions)
                .with_context(|| format!("cannot open topic {}", record.name))?;
            let Known { by_name, by_id } = &mut *topics.known.write();
            let topic = Arc::new(Topic {
                name: StrBytes::from_string(record.name.clone()),
                id: record.id,
                overrides: record.config,
                settings,
                partitions,
            });
            by_id.insert(topic.id, topic.clone());
            by_name.insert(record.name, topic);
        }
        Ok(topics)
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Topic>> {
        self.known.read().by_name.get(name).cloned()
    }

    pub(crate) fn get_by_id(&self, id: &Uuid) -> Option<Arc<Topic>> {
        self.known.read().by_id.get(id).cloned()
    }

    /// All topics, ordered by name.
    pub(crate) fn all(&self) -> Vec<Arc<Topic>> {
        self.known.read().by_name.values().cloned().collect()
    }

    /// Creates a topic, or with `validate_only` says whether it could be.
    pub(crate) fn create(
        &self,
        name: &str,
        partitions: i32,
        overrides: Overrides,
        validate_only: bool,
    ) -> Result<Arc<Topic>, Refusal> {
        let _changing = self.changing.lock();
        name::validate(name)?;
        self.check_free(name)?;
        let count = self.check_count(partitions, 0)?;
        let settings = Settings::resolve(&overrides, &self.config)?;
        let id = Uuid::now_v7();
        let partitions = if validate_only {
            Vec::new()
        } else {
            folders::put_aside(&self.config.data_dir, name, 0..count)
                .and_then(|()| self.open_partitions(name, id, 0..count))
                .map_err(|error| Refusal::storage(&error))?
        };
        let topic = Topic {
            name: StrBytes::from_string(name.to_owned()),
            id,
            overrides,
            settings,
            partitions,
        };
        if validate_only {
            return Ok(Arc::new(topic));
        }
        tracing::info!(topic = name, partitions = count, "create a topic");
        self.replace(topic)
    }

    /// Grows a topic to `total` partitions.
    pub(crate) fn add_partitions(
        &self,
        name: &str,
        total: i32,
        validate_only: bool,
    ) -> Result<(), Refusal> {
        let _changing = self.changing.lock();
        let topic = self.existing(name)?;
        let current = topic.partitions.len();
        let count = self.check_count(total, current)?;
        if count <= current {
            let message = format!(
                "The topic {name} currently has {current} partition(s); {total} would not be an increase."
            );
            return Err(Refusal::new(ResponseError::InvalidPartitions, message));
        }
        if validate_only {
            return Ok(());
        }
        let mut partitions = topic.partitions.clone();
        let added = folders::put_aside(&self.config.data_dir, name, current..count)
            .and_then(|()| self.open_partitions(name, topic.id, current..count));
        partitions.extend(added.map_err(|error| Refusal::storage(&error))?);
        tracing::info!(
            topic = name,
            partitions = count,
            "add partitions to a topic"
        );
        let (name, overrides) = (topic.name.clone(), topic.overrides.clone());
        self.replace(Topic {
            name,
            id: topic.id,
            overrides,
            settings: topic.settings,
            partitions,
        })?;
        Ok(())
    }

    /// Replaces a topic's configuration by what `change` makes of it.
    pub(crate) fn configure(
        &self,
        name: &str,
        validate_only: bool,
        change: impl FnOnce(&mut Overrides) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let _changing = self.changing.lock();
        let topic = self.existing(name)?;
        let mut overrides = topic.overrides.clone();
        change(&mut overrides)?;
        let settings = Settings::resolve(&overrides, &self.config)?;
        if !validate_only {
            let (name, partitions) = (topic.name.clone(), topic.partitions.clone());
            self.replace(Topic {
                name,
                id: topic.id,
                overrides,
                settings,
                partitions,
            })?;
        }
        Ok(())
    }

    /// Deletes a topic: it is gone for every client before its files are.
    pub(crate) fn delete(&self, name: &str) -> Result<(), Refusal> {
        let _changing = self.changing.lock();
        let topic = self.existing(name)?;
        self.save(|records| records.retain(|record| record.name != name))?;
        {
            let mut known = self.known.write();
            known.by_name.remove(name);
            known.by_id.remove(&topic.id);
        }
        tracing::info!(topic = name, "delete a topic");
        topic
            .partitions
            .iter()
            .for_each(|partition| partition.mark_deleted());
        folders::put_aside(&self.config.data_dir, name, 0..topic.partitions.len())
            .and_then(|()| folders::remove_put_aside(&self.config.data_dir))
            .map_err(|error| Refusal::storage(&error))
    }

    /// Drops what topics need not keep any more.
    pub(crate) fn enforce_retention(&self) {
        for topic in self.all() {
            for partition in &topic.partitions {
                if let Err(error) = partition.enforce(topic.settings.retention, now_ms()) {
                    tracing::error!(topic = %topic.name, %error, "cannot drop old segments");
                }
            }
        }
    }

    /// Forces everything written so far to the disk.
    pub(crate) fn flush(&self) {
        for topic in self.all() {
            for partition in &topic.partitions {
                if let Err(error) = partition.flush() {
                    tracing::error!(topic = %topic.name, %error, "cannot flush to the disk");
                }
            }
        }
    }

    /// Leaves every log so that the next start can trust it.
    pub(crate) fn close(&self) -> anyhow::Result<()> {
        let _changing = self.changing.lock();
        for topic in self.all() {
            for partition in &topic.partitions {
                partition
                    .close()
                    .with_context(|| format!("cannot close topic {}", topic.name))?;
            }
        }
        Ok(())
    }

    fn existing(&self, name: &str) -> Result<Arc<Topic>, Refusal> {
        self.get(name).ok_or_else(|| {
            Refusal::new(
                ResponseError::UnknownTopicOrPartition,
                format!("There is no topic {name}."),
            )
        })
    }

    fn check_free(&self, name: &str) -> Result<(), Refusal> {
        let known = self.known.read();
        if known.by_name.contains_key(name) {
            let message = format!("Topic '{name}' already exists.");
            return Err(Refusal::new(ResponseError::TopicAlreadyExists, message));
        }
        if let Some(other) = known
            .by_name
            .keys()
            .find(|other| name::collides(name, other))
        {
            let message = format!("Topic '{name}' collides with existing topic: {other}");
            return Err(Refusal::new(ResponseError::InvalidTopicException, message));
        }
        Ok(())
    }

    /// Checks that a topic of `current` partitions can have `wanted`.
    fn check_count(&self, wanted: i32, current: usize) -> Result<usize, Refusal> {
        let refuse = |message: String| Err(Refusal::new(ResponseError::InvalidPartitions, message));
        let count = match usize::try_from(wanted) {
            Ok(count) if count > 0 => count,
            _ => return refuse("Number of partitions must be larger than 0.".to_owned()),
        };
        let in_all: usize = self.all().iter().map(|topic| topic.partitions.len()).sum();
        let max = self.config.max_partitions;
        if in_all - current + count > max {
            return refuse(format!(
                "This broker takes {max} partitions in all and has {in_all}."
            ));
        }
        Ok(count)
    }

    fn open_partitions(
        &self,
        name: &str,
        id: Uuid,
        range: std::ops::Range<usize>,
    ) -> std::io::Result<Vec<Arc<PartitionLog>>> {
        range
            .map(|index| {
                let dir: PathBuf = folders::partition(&self.config.data_dir, name, index);
                crate::log::open(dir, id, self.flusher.clone(), now_ms()).map(Arc::new)
            })
            .collect()
    }

    /// Makes `topic` known in place of what had its name, in `topics.json` first.
    fn replace(&self, topic: Topic) -> Result<Arc<Topic>, Refusal> {
        let record = TopicRecord {
            name: topic.name.to_string(),
            id: topic.id,
            partitions: topic.partitions.len(),
            config: topic.overrides.clone(),
        };
        self.save(|records| {
            records.retain(|existing| existing.name != record.name);
            records.push(record);
        })?;
        let topic = Arc::new(topic);
        let mut known = self.known.write();
        known.by_id.insert(topic.id, topic.clone());
        known.by_name.insert(topic.name.to_string(), topic.clone());
        Ok(topic)
    }

    fn save(&self, change: impl FnOnce(&mut Vec<TopicRecord>)) -> Result<(), Refusal> {
        let mut records: Vec<TopicRecord> = self
            .all()
            .iter()
            .map(|topic| TopicRecord {
                name: topic.name.to_string(),
                id: topic.id,
                partitions: topic.partitions.len(),
                config: topic.overrides.clone(),
            })
            .collect();
        change(&mut records);
        files::replace_json(&self.config.data_dir.join(TOPICS_FILE), &records)
            .map_err(|error| Refusal::storage(&error))
    }
}
