//! From a request key to its handler: the one place that says what this broker can be asked.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail, ensure};
use bytes::{Buf, Bytes};
use kafka_protocol::messages::{ApiKey, ProduceRequest, RequestHeader};
use kafka_protocol::protocol::{Decodable, Encodable};
use tokio_util::sync::CancellationToken;

use crate::Broker;
use crate::group;
use crate::handlers::{
    alter_configs, api_versions, create_partitions, create_topics, delete_records, delete_topics,
    describe_cluster, describe_configs, describe_log_dirs, fetch, init_producer_id, list_offsets,
    metadata, offset_for_leader_epoch, produce,
};
use crate::reply::{Answer, Reply};
use crate::shape;

/// A write to the page cache takes microseconds up to about this size; a larger one, which may wait
/// for the disk besides, moves to a thread where that holds up no other connection.
const LARGE_PRODUCE_BYTES: usize = 256 << 10;

/// Who asks, and in which version of the request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    pub api_version: i16,
    pub client_id: String,
    pub client_host: IpAddr,
    /// Cancelled at shutdown: a handler that waits gives up its wait.
    pub stop: CancellationToken,
}

/// The requests this broker answers and their first and last version, as it advertises them.
pub(crate) const SUPPORTED: &[(ApiKey, i16, i16)] = &[
    (ApiKey::Produce, 3, 11),
    (ApiKey::Fetch, 4, 16),
    (ApiKey::ListOffsets, 1, 7),
    (ApiKey::Metadata, 0, 12),
    (ApiKey::OffsetCommit, 2, 9),
    (ApiKey::OffsetFetch, 1, 9),
    (ApiKey::FindCoordinator, 0, 6),
    (ApiKey::JoinGroup, 0, 9),
    (ApiKey::Heartbeat, 0, 4),
    (ApiKey::LeaveGroup, 0, 5),
    (ApiKey::SyncGroup, 0, 5),
    (ApiKey::DescribeGroups, 0, 6),
    (ApiKey::ListGroups, 0, 5),
    (ApiKey::ApiVersions, 0, 4),
    (ApiKey::CreateTopics, 2, 7),
    (ApiKey::DeleteTopics, 1, 6),
    (ApiKey::DeleteRecords, 0, 2),
    (ApiKey::InitProducerId, 0, 5),
    (ApiKey::OffsetForLeaderEpoch, 2, 4),
    (ApiKey::DescribeConfigs, 1, 4),
    (ApiKey::AlterConfigs, 0, 2),
    (ApiKey::DescribeLogDirs, 1, 4),
    (ApiKey::CreatePartitions, 0, 3),
    (ApiKey::DeleteGroups, 0, 2),
    (ApiKey::IncrementalAlterConfigs, 0, 1),
    (ApiKey::OffsetDelete, 0, 0),
    (ApiKey::DescribeCluster, 0, 1),
];

/// Answers one request. An error closes the connection.
pub(crate) async fn dispatch(
    broker: &Arc<Broker>,
    peer: SocketAddr,
    mut frame: Bytes,
    stop: &CancellationToken,
) -> anyhow::Result<Reply> {
    let (raw_key, api_version) = (frame.slice(0..2).get_i16(), frame.slice(2..4).get_i16());
    let correlation_id = frame.slice(4..8).get_i32();
    let key = ApiKey::try_from(raw_key).map_err(|()| anyhow!("unknown request key {raw_key}"))?;
    let answer = Answer {
        key,
        api_version,
        correlation_id,
    };
    let supported = SUPPORTED.iter().any(|(supported, first, last)| {
        *supported == key && (*first..=*last).contains(&api_version)
    });
    if !supported {
        // Only ApiVersions has an answer that every client can read; as in Apache Kafka, any other
        // request that was not advertised ends the connection.
        ensure!(
            key == ApiKey::ApiVersions,
            "{key:?} version {api_version} is not supported"
        );
        return answer.encode_version(0, &api_versions::unsupported());
    }
    shape::check(key, api_version, &frame)
        .with_context(|| format!("{key:?} version {api_version} is malformed"))?;
    let header = RequestHeader::decode(&mut frame, key.request_header_version(api_version))
        .context("the request header is malformed")?;
    let context = RequestContext {
        api_version,
        client_id: header
            .client_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        client_host: peer.ip(),
        stop: stop.clone(),
    };
    let call = Call {
        answer,
        body: frame,
    };
    call.answer(broker, &context)
        .await
        .with_context(|| format!("{key:?} version {api_version}"))
}

/// One request: how to answer it, and its body.
struct Call {
    answer: Answer,
    body: Bytes,
}

impl Call {
    async fn answer(
        mut self,
        broker: &Arc<Broker>,
        context: &RequestContext,
    ) -> anyhow::Result<Reply> {
        match self.answer.key {
            ApiKey::Produce => self.produce(broker).await,
            ApiKey::Fetch => {
                let fetched = fetch::handle(broker, self.decode()?, context).await;
                self.answer.pieces(fetched.encode(context.api_version))
            }
            ApiKey::ListOffsets => {
                let request = self.decode()?;
                let version = context.api_version;
                self.blocking(broker, move |broker| {
                    list_offsets::handle(broker, request, version)
                })
                .await
            }
            ApiKey::OffsetForLeaderEpoch => {
                let request = self.decode()?;
                self.answer
                    .encode(&offset_for_leader_epoch::handle(broker, request))
            }
            ApiKey::ApiVersions => {
                let request = self.decode()?;
                self.answer.encode(&api_versions::handle(request))
            }
            ApiKey::Metadata => {
                let request = self.decode()?;
                let version = context.api_version;
                self.blocking(broker, move |broker| {
                    metadata::handle(broker, request, version)
                })
                .await
            }
            ApiKey::InitProducerId => {
                let request = self.decode()?;
                self.blocking(broker, |broker| init_producer_id::handle(broker, request))
                    .await
            }
            ApiKey::CreateTopics
            | ApiKey::DeleteTopics
            | ApiKey::DeleteRecords
            | ApiKey::CreatePartitions
            | ApiKey::DescribeConfigs
            | ApiKey::AlterConfigs
            | ApiKey::IncrementalAlterConfigs
            | ApiKey::DescribeLogDirs
            | ApiKey::DescribeCluster => self.administer(broker).await,
            _ => self.coordinate(broker, context).await,
        }
    }

    async fn produce(mut self, broker: &Arc<Broker>) -> anyhow::Result<Reply> {
        let is_large = self.body.len() >= LARGE_PRODUCE_BYTES;
        let request: ProduceRequest = self.decode()?;
        let wants_answer = request.acks != 0;
        let version = self.answer.api_version;
        let response = if is_large {
            let broker = broker.clone();
            tokio::task::spawn_blocking(move || produce::handle(&broker, request, version)).await?
        } else {
            produce::handle(broker, request, version)
        };
        if wants_answer {
            return self.answer.encode(&response);
        }
        // A client that wants no answer learns of an error by losing its connection.
        ensure!(
            !produce::has_error(&response),
            "a batch without acknowledgement was refused"
        );
        Ok(Reply::Silent)
    }

    async fn administer(mut self, broker: &Arc<Broker>) -> anyhow::Result<Reply> {
        match self.answer.key {
            ApiKey::CreateTopics => {
                let request = self.decode()?;
                self.blocking(broker, |broker| create_topics::handle(broker, request))
                    .await
            }
            ApiKey::DeleteTopics => {
                let request = self.decode()?;
                self.blocking(broker, |broker| delete_topics::handle(broker, request))
                    .await
            }
            ApiKey::DeleteRecords => {
                let request = self.decode()?;
                self.blocking(broker, |broker| delete_records::handle(broker, request))
                    .await
            }
            ApiKey::CreatePartitions => {
                let request = self.decode()?;
                self.blocking(broker, |broker| create_partitions::handle(broker, request))
                    .await
            }
            ApiKey::AlterConfigs => {
                let request = self.decode()?;
                self.blocking(broker, |broker| {
                    alter_configs::handle_replacing(broker, request)
                })
                .await
            }
            ApiKey::IncrementalAlterConfigs => {
                let request = self.decode()?;
                self.blocking(broker, |broker| {
                    alter_configs::handle_incremental(broker, request)
                })
                .await
            }
            ApiKey::DescribeConfigs => {
                let request = self.decode()?;
                self.answer
                    .encode(&describe_configs::handle(broker, request))
            }
            ApiKey::DescribeLogDirs => {
                let request = self.decode()?;
                self.answer
                    .encode(&describe_log_dirs::handle(broker, request))
            }
            ApiKey::DescribeCluster => {
                let request = self.decode()?;
                self.answer
                    .encode(&describe_cluster::handle(broker, request))
            }
            key => bail!("{key:?} has no handler"),
        }
    }

    async fn coordinate(
        mut self,
        broker: &Broker,
        context: &RequestContext,
    ) -> anyhow::Result<Reply> {
        let groups = &broker.groups;
        match self.answer.key {
            ApiKey::FindCoordinator => {
                let (host, port) = (&broker.advertised_host, broker.advertised_port);
                let request = self.decode()?;
                self.answer
                    .encode(&group::find_coordinator(request, context, host, port))
            }
            ApiKey::JoinGroup => {
                let request = self.decode()?;
                self.answer.encode(&groups.join(request, context).await)
            }
            ApiKey::SyncGroup => {
                let request = self.decode()?;
                self.answer.encode(&groups.sync(request, context).await)
            }
            ApiKey::Heartbeat => {
                let request = self.decode()?;
                self.answer.encode(&groups.heartbeat(request))
            }
            ApiKey::LeaveGroup => {
                let request = self.decode()?;
                self.answer.encode(&groups.leave(request, context))
            }
            ApiKey::OffsetCommit => {
                let request = self.decode()?;
                let exists = |topic: &str, index: i32| {
                    broker
                        .topics
                        .get(topic)
                        .is_some_and(|topic| topic.partition(index).is_some())
                };
                self.answer.encode(&groups.commit_offsets(request, exists))
            }
            ApiKey::OffsetFetch => {
                let request = self.decode()?;
                self.answer.encode(&groups.fetch_offsets(request, context))
            }
            ApiKey::OffsetDelete => {
                let request = self.decode()?;
                self.answer.encode(&groups.delete_offsets(request))
            }
            ApiKey::DescribeGroups => {
                let request = self.decode()?;
                self.answer
                    .encode(&groups.describe_groups(request, context))
            }
            ApiKey::ListGroups => {
                let request = self.decode()?;
                self.answer.encode(&groups.list_groups(request))
            }
            ApiKey::DeleteGroups => {
                let request = self.decode()?;
                self.answer.encode(&groups.delete_groups(request))
            }
            key => bail!("{key:?} has no handler"),
        }
    }

    fn decode<Request: Decodable>(&mut self) -> anyhow::Result<Request> {
        Request::decode(&mut self.body, self.answer.api_version).context("the request is malformed")
    }

    /// Runs a handler that may wait for files on a thread where that holds up no other connection.
    async fn blocking<Response: Encodable + Send + 'static>(
        self,
        broker: &Arc<Broker>,
        handle: impl FnOnce(&Broker) -> Response + Send + 'static,
    ) -> anyhow::Result<Reply> {
        let broker = broker.clone();
        let response = tokio::task::spawn_blocking(move || handle(&broker)).await?;
        self.answer.encode(&response)
    }
}
