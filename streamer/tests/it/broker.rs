//! A broker on a free port in a temporary folder, and a client that speaks raw frames to it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::PartitionProduceResponse;
use kafka_protocol::messages::{
    ApiKey, CreateTopicsRequest, FetchRequest, ProduceRequest, RequestHeader, ResponseHeader,
    TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use kafka_protocol::records::{
    Compression, NO_PARTITION_LEADER_EPOCH, Record, RecordBatchDecoder, RecordBatchEncoder,
    RecordEncodeOptions, TimestampType,
};
use streamer::StreamerConfig;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// No test waits longer for anything.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
pub(crate) const PRODUCE: i16 = 9;
pub(crate) const FETCH: i16 = 12;

pub(crate) struct TestBroker {
    pub(crate) address: SocketAddr,
    folder: TempDir,
    change: fn(&mut StreamerConfig),
    stop: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
}

impl TestBroker {
    pub(crate) async fn start() -> Self {
        TestBroker::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: fn(&mut StreamerConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (address, stop, served) = serve(folder.path(), change).await;
        TestBroker {
            address,
            folder,
            change,
            stop,
            served,
        }
    }

    /// Stops cleanly and starts again on the same folder, after `meanwhile` has had its way with it.
    pub(crate) async fn restart(self, meanwhile: impl FnOnce(&Path)) -> Self {
        let TestBroker {
            folder,
            change,
            stop,
            served,
            ..
        } = self;
        end(stop, served).await;
        meanwhile(folder.path());
        let (address, stop, served) = serve(folder.path(), change).await;
        TestBroker {
            address,
            folder,
            change,
            stop,
            served,
        }
    }

    pub(crate) async fn stop(self) {
        end(self.stop, self.served).await;
    }

    pub(crate) fn partition(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn connect(&self) -> Client {
        let socket = TcpStream::connect(self.address)
            .await
            .expect("a connection");
        Client {
            socket,
            next_correlation_id: 0,
        }
    }

    pub(crate) async fn create_topic(&self, name: &'static str, partitions: i32) {
        let topic = CreatableTopic::default()
            .with_name(topic_name(name))
            .with_num_partitions(partitions)
            .with_replication_factor(1);
        let request = CreateTopicsRequest::default().with_topics(vec![topic]);
        let response = self.connect().await.call(request, 7).await;
        assert_eq!(
            response.topics[0].error_code, 0,
            "{:?}",
            response.topics[0].error_message
        );
    }
}

async fn serve(
    folder: &Path,
    change: fn(&mut StreamerConfig),
) -> (
    SocketAddr,
    CancellationToken,
    JoinHandle<anyhow::Result<()>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let mut config = StreamerConfig::new(folder);
    change(&mut config);
    let stop = CancellationToken::new();
    let served = tokio::spawn(streamer::serve(listener, config, stop.clone()));
    (address, stop, served)
}

async fn end(stop: CancellationToken, served: JoinHandle<anyhow::Result<()>>) {
    stop.cancel();
    let served = tokio::time::timeout(DEADLINE, served)
        .await
        .expect("stops in time");
    served.expect("no panic").expect("no error");
}

/// A connection that sends requests as they are and reads the answers.
pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    next_correlation_id: i32,
}

impl Client {
    /// Sends a request and decodes its answer.
    pub(crate) async fn call<R: Request>(&mut self, request: R, version: i16) -> R::Response {
        let correlation_id = self.send(&request, version).await;
        self.receive::<R>(correlation_id, version).await
    }

    pub(crate) async fn send<R: Request>(&mut self, request: &R, version: i16) -> i32 {
        self.next_correlation_id += 1;
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.next_correlation_id)
            .with_client_id(Some(StrBytes::from_static_str("test")));
        let mut body = BytesMut::new();
        header
            .encode(&mut body, R::header_version(version))
            .expect("a header");
        request.encode(&mut body, version).expect("a request");
        self.send_frame(&body).await;
        self.next_correlation_id
    }

    pub(crate) async fn receive<R: Request>(
        &mut self,
        correlation_id: i32,
        version: i16,
    ) -> R::Response {
        let mut answer = self.receive_frame().await.expect("an answer");
        let header_version = R::Response::header_version(version);
        let header = ResponseHeader::decode(&mut answer, header_version).expect("a header");
        assert_eq!(
            header.correlation_id, correlation_id,
            "answers come in order"
        );
        let response = R::Response::decode(&mut answer, version).expect("an answer");
        assert!(
            answer.is_empty(),
            "{} bytes too many in {:?}",
            answer.len(),
            ApiKey::try_from(R::KEY)
        );
        response
    }

    pub(crate) async fn send_frame(&mut self, body: &[u8]) {
        let mut frame = BytesMut::new();
        frame.put_i32(body.len() as i32);
        frame.put_slice(body);
        self.socket.write_all(&frame).await.expect("written");
    }

    /// The next frame, or `None` when the broker has closed the connection.
    pub(crate) async fn receive_frame(&mut self) -> Option<Bytes> {
        let read = async {
            let mut length = [0; 4];
            self.socket.read_exact(&mut length).await.ok()?;
            let mut frame = vec![0; (&length[..]).get_u32() as usize];
            self.socket.read_exact(&mut frame).await.ok()?;
            Some(Bytes::from(frame))
        };
        tokio::time::timeout(DEADLINE, read)
            .await
            .expect("the broker neither answers nor closes")
    }

    pub(crate) async fn produce(
        &mut self,
        topic: &'static str,
        partition: i32,
        batch: Bytes,
    ) -> PartitionProduceResponse {
        let mut response = self
            .call(produce_request(topic, partition, batch), PRODUCE)
            .await;
        response.responses.remove(0).partition_responses.remove(0)
    }

    /// Fetches at once what one partition has.
    pub(crate) async fn fetch(
        &mut self,
        topic: &'static str,
        partition: i32,
        offset: i64,
    ) -> PartitionData {
        let mut response = self
            .call(fetch_request(topic, partition, offset, 0), FETCH)
            .await;
        assert_eq!((response.error_code, response.session_id), (0, 0));
        response.responses.remove(0).partitions.remove(0)
    }
}

pub(crate) fn topic_name(name: &'static str) -> TopicName {
    TopicName(StrBytes::from_static_str(name))
}

pub(crate) fn produce_request(topic: &'static str, partition: i32, batch: Bytes) -> ProduceRequest {
    let data = PartitionProduceData::default()
        .with_index(partition)
        .with_records(Some(batch));
    let topic = TopicProduceData::default()
        .with_name(topic_name(topic))
        .with_partition_data(vec![data]);
    ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(1000)
        .with_topic_data(vec![topic])
}

pub(crate) fn fetch_request(
    topic: &'static str,
    partition: i32,
    offset: i64,
    max_wait_ms: i32,
) -> FetchRequest {
    let asked = FetchPartition::default()
        .with_partition(partition)
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default()
        .with_topic(topic_name(topic))
        .with_partitions(vec![asked]);
    FetchRequest::default()
        .with_max_wait_ms(max_wait_ms)
        .with_min_bytes(1)
        .with_max_bytes(50 << 20)
        .with_topics(vec![topic])
}

/// The time of every record in the tests: far ahead, so that retention never comes.
pub(crate) const TIMESTAMP: i64 = 4_000_000_000_000;

/// Who writes a batch, as an idempotent producer counts.
#[derive(Clone, Copy)]
pub(crate) struct Writer {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
    pub(crate) sequence: i32,
}

pub(crate) const ANYONE: Writer = Writer {
    id: -1,
    epoch: -1,
    sequence: -1,
};

/// A batch as a client makes it, with a record for each value, all of the same time.
pub(crate) fn batch(values: &[&str], writer: Writer) -> Bytes {
    let records: Vec<Record> = (0..)
        .zip(values)
        .map(|(at, value)| Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
            producer_id: writer.id,
            producer_epoch: writer.epoch,
            timestamp_type: TimestampType::Creation,
            offset: i64::from(at),
            // The encoder begins a new batch where offset and sequence do not go together.
            sequence: writer.sequence + at,
            timestamp: TIMESTAMP,
            key: None,
            value: Some(Bytes::copy_from_slice(value.as_bytes())),
            headers: Default::default(),
        })
        .collect();
    let mut bytes = BytesMut::new();
    let options = RecordEncodeOptions {
        version: 2,
        compression: Compression::None,
    };
    RecordBatchEncoder::encode(&mut bytes, &records, &options).expect("a batch");
    bytes.freeze()
}

/// Offsets and values of fetched records.
pub(crate) fn values(fetched: &PartitionData) -> Vec<(i64, String)> {
    let mut records = fetched.records.clone().unwrap_or_default();
    if records.is_empty() {
        return Vec::new();
    }
    RecordBatchDecoder::decode_all(&mut records)
        .expect("whole batches")
        .into_iter()
        .flat_map(|set| set.records)
        .map(|record| {
            let value = record.value.expect("a value");
            (
                record.offset,
                String::from_utf8(value.to_vec()).expect("text"),
            )
        })
        .collect()
}
