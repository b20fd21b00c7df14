//! What Kafka says of topics and groups, with what only time and the status store can add: rates and sizes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use bus::{Admin, AdminError, BrokerState};
use contract::cluster::{GroupPartitionView, GroupView, Retention, TopicView};
use parking_lot::Mutex;
use service::CancellationToken;
use tokio::sync::watch;

use crate::{
    rates::Rates,
    sampler::{Question, Sampler},
    store::StatusStore,
};

/// How long settings of topics count as known: they change rarely.
const SETTINGS_AGE_MAX: Duration = Duration::from_secs(10);
/// How long the lag may keep the caller waiting; the one before is given instead.
const LAG_TIMEOUT: Duration = Duration::from_millis(500);

/// The state of the cluster, for all who look at it.
pub(crate) struct Cluster {
    pub(crate) topics: Sampler<Topics>,
    pub(crate) groups: Sampler<Groups>,
}

impl Cluster {
    pub(crate) fn new(
        admin: &Admin,
        store: Arc<dyn StatusStore>,
        stop: &CancellationToken,
    ) -> Self {
        let topics = Topics {
            admin: admin.clone(),
            store,
            rates: Mutex::default(),
            settings: Mutex::default(),
        };
        let groups = Groups {
            admin: admin.clone(),
            rates: Mutex::default(),
        };
        Self {
            topics: Sampler::new(topics, stop.clone()),
            groups: Sampler::new(groups, stop.clone()),
        }
    }

    /// What each consumer group has yet to read. While Kafka is away, this is what it was before.
    pub(crate) async fn lag(&self, broker: &watch::Receiver<BrokerState>) -> BTreeMap<String, i64> {
        let up = *broker.borrow() == BrokerState::Up;
        let asked = match up {
            true => tokio::time::timeout(LAG_TIMEOUT, self.groups.get())
                .await
                .ok(),
            false => None,
        };
        let groups = asked.and_then(Result::ok).or_else(|| self.groups.last());
        let groups = groups.iter().flat_map(|groups| groups.iter());
        groups
            .map(|group| (group.group.clone(), group.lag))
            .collect()
    }

    /// Adds what is known beside Kafka to the view of one topic.
    pub(crate) async fn complete(&self, topic: &mut TopicView) {
        // Without it the view is just less complete.
        let Ok(topics) = self.topics.get().await else {
            return;
        };
        if let Some(known) = topics.iter().find(|known| known.name == topic.name) {
            topic.rate = known.rate;
            topic.size_bytes = known.size_bytes;
        }
    }
}

/// All topics.
pub(crate) struct Topics {
    admin: Admin,
    store: Arc<dyn StatusStore>,
    rates: Mutex<Rates<String>>,
    settings: Mutex<Settings>,
}

/// What the topics' settings said when they were last asked for.
#[derive(Default)]
struct Settings {
    asked_at: Option<Instant>,
    retentions: HashMap<String, Retention>,
}

impl Question for Topics {
    type Answer = Vec<TopicView>;

    async fn ask(&self) -> Result<Vec<TopicView>, AdminError> {
        let mut topics = self.admin.topics().await?;
        let now = Instant::now();
        let written = |topic: &TopicView| topic.partitions.iter().map(|p| p.next_offset).sum();
        let counts = topics
            .iter()
            .map(|topic| (topic.name.clone(), written(topic)));
        let rates = self.rates.lock().add(now, counts.collect());
        let sizes = self.store.record_sizes().await.unwrap_or_else(|error| {
            tracing::debug!(
                error = format!("{error:#}"),
                "sizes of topics are not known"
            );
            HashMap::new()
        });
        let retentions = self.retentions(&topics).await?;
        for topic in &mut topics {
            topic.rate = rates.get(&topic.name).copied();
            topic.size_bytes = sizes
                .get(&topic.name)
                .map(|average| (average * topic.records as f64).round() as u64);
            topic.retention = retentions.get(&topic.name).copied();
        }
        Ok(topics)
    }
}

impl Topics {
    /// Asked for again when they are old, or when there is a topic that was not there.
    async fn retentions(
        &self,
        topics: &[TopicView],
    ) -> Result<HashMap<String, Retention>, AdminError> {
        {
            let settings = self.settings.lock();
            let fresh = settings
                .asked_at
                .is_some_and(|asked_at| asked_at.elapsed() < SETTINGS_AGE_MAX);
            let is_known = |topic: &TopicView| settings.retentions.contains_key(&topic.name);
            if fresh && topics.iter().all(is_known) {
                return Ok(settings.retentions.clone());
            }
        }
        let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
        let retentions = self.admin.retentions(&names).await?;
        *self.settings.lock() = Settings {
            asked_at: Some(Instant::now()),
            retentions: retentions.clone(),
        };
        Ok(retentions)
    }
}

/// All consumer groups.
pub(crate) struct Groups {
    admin: Admin,
    /// By partition: one for which a group commits for the first time is no progress from offset 0 to there.
    rates: Mutex<Rates<Progress>>,
}

/// Group, topic and partition.
type Progress = (String, String, i32);

fn progress(group: &GroupView, partition: &GroupPartitionView) -> Progress {
    let (group, topic) = (group.group.clone(), partition.topic.clone());
    (group, topic, partition.partition)
}

impl Question for Groups {
    type Answer = Vec<GroupView>;

    async fn ask(&self) -> Result<Vec<GroupView>, AdminError> {
        let mut groups = self.admin.groups().await?;
        let now = Instant::now();
        let counts = groups.iter().flat_map(|group| {
            let partitions = group.partitions.iter();
            partitions.map(|found| (progress(group, found), found.committed_offset))
        });
        let rates = self.rates.lock().add(now, counts.collect());
        for group in &mut groups {
            let partitions = group.partitions.iter();
            let known = partitions.filter_map(|found| rates.get(&progress(group, found)));
            let known: Vec<f64> = known.copied().collect();
            group.rate = (!known.is_empty()).then(|| known.iter().sum());
        }
        Ok(groups)
    }
}
