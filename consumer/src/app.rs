use std::sync::Arc;

use bus::{Admin, BrokerState, KafkaConfig};
use contract::{Stage, status::StatusSummary};
use service::{ApiProblem, CancellationToken};
use tokio::sync::{Semaphore, watch};

use crate::{
    cluster::Cluster, config::ConsumerConfig, filter::Filters, hub::Hub, lives::Lives,
    stats::StatsCache, store::StatusStore, totals::Totals,
};

/// What the handlers share.
pub(crate) struct App {
    pub(crate) store: Arc<dyn StatusStore>,
    pub(crate) lives: Arc<Lives>,
    pub(crate) totals: Arc<Totals>,
    pub(crate) stats: StatsCache,
    pub(crate) cluster: Cluster,
    pub(crate) admin: Admin,
    pub(crate) broker: watch::Receiver<BrokerState>,
    pub(crate) kafka: KafkaConfig,
    /// The consumer group of this service itself.
    pub(crate) group: String,
    pub(crate) hub: Arc<Hub>,
    pub(crate) filters: Filters,
    /// Room for streams that go on without end.
    pub(crate) streams: Arc<Semaphore>,
    /// Room for streams with their own connection to Kafka.
    pub(crate) history: Arc<Semaphore>,
    /// Ends all streams.
    pub(crate) stop: CancellationToken,
}

impl App {
    pub(crate) fn new(
        config: &ConsumerConfig,
        store: Arc<dyn StatusStore>,
        lives: Arc<Lives>,
        totals: Arc<Totals>,
        admin: Admin,
        stop: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            stats: StatsCache::new(Arc::clone(&store)),
            cluster: Cluster::new(&admin, Arc::clone(&store), &stop),
            store,
            lives,
            totals,
            broker: admin.broker_state(),
            admin,
            hub: Hub::new(config.kafka.clone()),
            kafka: config.kafka.clone(),
            group: config.intake.group.clone(),
            filters: Filters::new(&config.viewers),
            streams: Arc::new(Semaphore::new(config.viewers.streams_max)),
            history: Arc::new(Semaphore::new(config.viewers.history_max)),
            stop,
        })
    }

    pub(crate) async fn summary(&self) -> StatusSummary {
        let by_stage =
            |value: &dyn Fn(Stage) -> u64| Stage::ALL.map(|stage| (stage, value(stage))).into();
        StatusSummary {
            n_consumed: self.totals.total(Stage::Consumed),
            stages: by_stage(&|stage| self.totals.total(stage)),
            rates: Stage::ALL
                .map(|stage| (stage, self.totals.rate(stage)))
                .into(),
            lag: self.cluster.lag(&self.broker).await,
        }
    }

    /// Says at once that Kafka is away instead of letting the caller wait for a timeout.
    pub(crate) fn require_kafka(&self) -> Result<(), ApiProblem> {
        match *self.broker.borrow() {
            BrokerState::Away { .. } => Err(kafka_away()),
            BrokerState::Starting | BrokerState::Up => Ok(()),
        }
    }
}

pub(crate) fn kafka_away() -> ApiProblem {
    ApiProblem::unavailable(
        "kafka-away",
        "Kafka does not answer",
        "Kafka is away or too slow; /readyz tells when it is back.",
    )
}
