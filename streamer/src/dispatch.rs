//! From a request key to its handler: the one place that says what this broker can be asked.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, anyhow, bail};
use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable};
use tokio_util::sync::CancellationToken;

use crate::Broker;
use crate::group;
use crate::handlers::api_versions;

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
    (ApiKey::ApiVersions, 0, 4),
    (ApiKey::FindCoordinator, 0, 6),
    (ApiKey::JoinGroup, 0, 9),
    (ApiKey::SyncGroup, 0, 5),
    (ApiKey::Heartbeat, 0, 4),
    (ApiKey::LeaveGroup, 0, 5),
    (ApiKey::OffsetCommit, 2, 9),
    (ApiKey::OffsetFetch, 1, 9),
    (ApiKey::OffsetDelete, 0, 0),
    (ApiKey::DescribeGroups, 0, 6),
    (ApiKey::ListGroups, 0, 5),
    (ApiKey::DeleteGroups, 0, 2),
];

/// Answers one request; `None` when the client wants no answer. An error closes the connection.
pub(crate) async fn dispatch(
    broker: &Broker,
    peer: SocketAddr,
    mut frame: Bytes,
    stop: &CancellationToken,
) -> anyhow::Result<Option<Bytes>> {
    let raw_key = frame.slice(0..2).get_i16();
    let api_version = frame.slice(2..4).get_i16();
    let key = ApiKey::try_from(raw_key).map_err(|()| anyhow!("unknown request key {raw_key}"))?;
    let supported = SUPPORTED.iter().any(|(supported, first, last)| {
        *supported == key && (*first..=*last).contains(&api_version)
    });
    if !supported && key != ApiKey::ApiVersions {
        bail!("{key:?} version {api_version} is not supported");
    }
    let header = RequestHeader::decode(&mut frame, key.request_header_version(api_version))
        .context("the request header is malformed")?;
    let answer = Answer {
        key,
        api_version,
        correlation_id: header.correlation_id,
    };
    if !supported {
        return answer
            .encode_version(0, &api_versions::unsupported())
            .map(Some);
    }
    let context = RequestContext {
        api_version,
        client_id: header
            .client_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        client_host: peer.ip(),
        stop: stop.clone(),
    };
    handle(broker, &context, frame, answer).await
}

async fn handle(
    broker: &Broker,
    context: &RequestContext,
    mut body: Bytes,
    answer: Answer,
) -> anyhow::Result<Option<Bytes>> {
    let groups = &broker.groups;
    let version = context.api_version;
    match answer.key {
        ApiKey::ApiVersions => answer.encode(&api_versions::handle(decode(&mut body, version)?)),
        ApiKey::FindCoordinator => {
            let (host, port) = (&broker.advertised_host, broker.advertised_port);
            let request = decode(&mut body, version)?;
            answer.encode(&group::find_coordinator(request, context, host, port))
        }
        ApiKey::JoinGroup => {
            answer.encode(&groups.join(decode(&mut body, version)?, context).await)
        }
        ApiKey::SyncGroup => {
            answer.encode(&groups.sync(decode(&mut body, version)?, context).await)
        }
        ApiKey::Heartbeat => answer.encode(&groups.heartbeat(decode(&mut body, version)?)),
        ApiKey::LeaveGroup => answer.encode(&groups.leave(decode(&mut body, version)?, context)),
        ApiKey::OffsetCommit => {
            let request = decode(&mut body, version)?;
            answer.encode(&groups.commit_offsets(request, |_, _| true))
        }
        ApiKey::OffsetFetch => {
            answer.encode(&groups.fetch_offsets(decode(&mut body, version)?, context))
        }
        ApiKey::OffsetDelete => answer.encode(&groups.delete_offsets(decode(&mut body, version)?)),
        ApiKey::DescribeGroups => {
            answer.encode(&groups.describe_groups(decode(&mut body, version)?, context))
        }
        ApiKey::ListGroups => answer.encode(&groups.list_groups(decode(&mut body, version)?)),
        ApiKey::DeleteGroups => answer.encode(&groups.delete_groups(decode(&mut body, version)?)),
        key => bail!("{key:?} has no handler"),
    }
    .map(Some)
}

fn decode<Request: Decodable>(body: &mut Bytes, version: i16) -> anyhow::Result<Request> {
    Request::decode(body, version).context("the request is malformed")
}

/// What is known of an answer before its body.
struct Answer {
    key: ApiKey,
    api_version: i16,
    correlation_id: i32,
}

impl Answer {
    fn encode(&self, body: &impl Encodable) -> anyhow::Result<Bytes> {
        self.encode_version(self.api_version, body)
    }

    fn encode_version(&self, version: i16, body: &impl Encodable) -> anyhow::Result<Bytes> {
        let header = ResponseHeader::default().with_correlation_id(self.correlation_id);
        let header_version = self.key.response_header_version(version);
        let length = header.compute_size(header_version)? + body.compute_size(version)?;
        let mut buffer = BytesMut::with_capacity(4 + length);
        buffer.extend_from_slice(&u32::try_from(length)?.to_be_bytes());
        header.encode(&mut buffer, header_version)?;
        body.encode(&mut buffer, version)?;
        Ok(buffer.freeze())
    }
}
