//! Topics and groups of a consumer that speaks the contract and does as it is told.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use contract::cluster::{
    GroupPartitionView, GroupView, MemberView, NewTopic, OffsetMove, OffsetReset,
    OffsetResetOutcome, PartitionView, Retention, TopicConfig, TopicDescription, TopicPartition,
    TopicView,
};

use crate::fake_stations::{CANARY, problem};

#[derive(Clone, Default)]
pub(crate) struct FakeCluster(Arc<Mutex<Cluster>>);

#[derive(Default)]
struct Cluster {
    topics: BTreeMap<String, TopicDescription>,
    groups: BTreeMap<String, GroupView>,
    /// The last that was not a dry run.
    reset: Option<OffsetReset>,
}

impl FakeCluster {
    pub(crate) fn routes(&self) -> Router {
        Router::new()
            .route("/topics", get(topics).post(create))
            .route("/topics/{name}", get(topic).delete(delete))
            .route("/groups", get(groups))
            .route("/groups/{group}", get(group))
            .route("/groups/{group}/offsets", post(reset))
            .with_state(self.clone())
    }

    pub(crate) fn add_topic(&self, name: &str) {
        let new = NewTopic {
            name: name.to_owned(),
            ..NewTopic::default()
        };
        self.insert_topic(&new);
    }

    pub(crate) fn topic(&self, name: &str) -> Option<TopicDescription> {
        self.0.lock().unwrap().topics.get(name).cloned()
    }

    /// A group that is behind by `lag` and more in its second partition; with `member`, somebody reads for it.
    pub(crate) fn add_group(&self, group: &str, lag: i64, member: Option<&str>) {
        let partition = |partition, lag| GroupPartitionView {
            topic: "orders".to_owned(),
            partition,
            committed_offset: 1_244 - lag,
            next_offset: 1_244,
            lag,
        };
        let members = member.map(|client_id| MemberView {
            member_id: format!("{client_id}-1"),
            client_id: client_id.to_owned(),
            client_host: "/127.0.0.1".to_owned(),
            assigned: vec![TopicPartition {
                topic: "orders".to_owned(),
                partition: 0,
            }],
        });
        let view = GroupView {
            group: group.to_owned(),
            state: if member.is_some() { "Stable" } else { "Empty" }.to_owned(),
            members: members.into_iter().collect(),
            lag: 2 * lag + 1,
            partitions: vec![partition(0, lag), partition(1, lag + 1)],
            rate: Some(3.0),
        };
        let mut cluster = self.0.lock().unwrap();
        cluster.groups.insert(group.to_owned(), view);
    }

    pub(crate) fn last_reset(&self) -> Option<OffsetReset> {
        self.0.lock().unwrap().reset.clone()
    }

    fn insert_topic(&self, new: &NewTopic) {
        let partitions = 0..new.partitions.unwrap_or(1);
        let partitions = partitions.map(|partition| PartitionView {
            partition,
            leader: 1,
            replicas: vec![1, 2, 3],
            in_sync: vec![1, 3],
            first_offset: 10,
            next_offset: 1_244,
        });
        let topic = TopicView {
            name: new.name.clone(),
            internal: contract::topic::is_internal(&new.name),
            records: 1_234,
            partitions: partitions.collect(),
            rate: Some(2.5),
            size_bytes: Some(56_700),
            retention: Some(Retention {
                age_ms: Some(604_800_000),
                ..Retention::default()
            }),
        };
        let own = new.configs.iter().map(|(name, value)| TopicConfig {
            name: name.clone(),
            value: Some(value.clone()),
            is_own: true,
        });
        let hostile = TopicConfig {
            name: "canary".to_owned(),
            value: Some(CANARY.to_owned()),
            is_own: false,
        };
        let description = TopicDescription {
            topic,
            id: None,
            configs: own.chain([hostile]).collect(),
        };
        let mut cluster = self.0.lock().unwrap();
        cluster.topics.insert(new.name.clone(), description);
    }
}

async fn topics(State(fake): State<FakeCluster>) -> Json<Vec<TopicView>> {
    let cluster = fake.0.lock().unwrap();
    let topics = cluster.topics.values();
    Json(
        topics
            .map(|description| description.topic.clone())
            .collect(),
    )
}

async fn topic(State(fake): State<FakeCluster>, Path(name): Path<String>) -> Response {
    match fake.topic(&name) {
        Some(description) => Json(description).into_response(),
        None => problem(404, "unknown-topic", "No topic has this name."),
    }
}

async fn create(State(fake): State<FakeCluster>, Json(new): Json<NewTopic>) -> Response {
    if fake.topic(&new.name).is_some() {
        return problem(
            409,
            "topic-exists",
            "Choose another name, or use the topic.",
        );
    }
    fake.insert_topic(&new);
    (StatusCode::CREATED, Json(new)).into_response()
}

async fn delete(State(fake): State<FakeCluster>, Path(name): Path<String>) -> Response {
    match fake.0.lock().unwrap().topics.remove(&name) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => problem(404, "unknown-topic", "No topic has this name."),
    }
}

async fn groups(State(fake): State<FakeCluster>) -> Json<Vec<GroupView>> {
    Json(fake.0.lock().unwrap().groups.values().cloned().collect())
}

async fn group(State(fake): State<FakeCluster>, Path(name): Path<String>) -> Response {
    match fake.0.lock().unwrap().groups.get(&name) {
        Some(group) => Json(group).into_response(),
        None => problem(404, "unknown-group", "No group has this name."),
    }
}

async fn reset(
    State(fake): State<FakeCluster>,
    Path(name): Path<String>,
    Json(reset): Json<OffsetReset>,
) -> Response {
    let mut cluster = fake.0.lock().unwrap();
    let Some(group) = cluster.groups.get(&name) else {
        return problem(404, "unknown-group", "No group has this name.");
    };
    if !group.members.is_empty() {
        return problem(409, "group-in-use", "Stop its members first.");
    }
    let outcome = OffsetResetOutcome {
        group: name,
        dry_run: reset.dry_run,
        replays: 1_230,
        skips: 4,
        partitions: vec![OffsetMove {
            topic: "orders".to_owned(),
            partition: 0,
            before: Some(1_240),
            after: 10,
            replays: 1_230,
            skips: 4,
        }],
    };
    if !reset.dry_run {
        cluster.reset = Some(reset);
    }
    Json(outcome).into_response()
}
