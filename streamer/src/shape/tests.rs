use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, CreateTopicsRequest, FetchRequest, JoinGroupRequest, MetadataRequest, ProduceRequest,
    RequestHeader, RequestKind, TopicName, create_topics_request, fetch_request,
    join_group_request, metadata_request, produce_request,
};
use kafka_protocol::protocol::{Encodable, StrBytes};

use super::check;
use crate::dispatch::SUPPORTED;

fn frame(key: ApiKey, version: i16, body: &[u8]) -> Bytes {
    let header = RequestHeader::default()
        .with_request_api_key(key as i16)
        .with_request_api_version(version)
        .with_client_id(Some(StrBytes::from_static_str("a client")));
    let mut frame = BytesMut::new();
    header
        .encode(&mut frame, key.request_header_version(version))
        .expect("a header");
    frame.put_slice(body);
    frame.freeze()
}

fn encoded(request: &RequestKind, version: i16) -> BytesMut {
    let mut body = BytesMut::new();
    request
        .encode(&mut body, version)
        .unwrap_or_else(|error| panic!("{request:?} {version}: {error:#}"));
    body
}

/// Requests with something in their lists, where the default leaves them empty.
fn filled(key: ApiKey, version: i16) -> RequestKind {
    let name = TopicName(StrBytes::from_static_str("topic"));
    let by_name = || {
        if version < 13 {
            name.clone()
        } else {
            TopicName::default()
        }
    };
    match key {
        ApiKey::Produce => {
            let data = produce_request::PartitionProduceData::default()
                .with_records(Some(Bytes::from_static(b"records")));
            let topic = produce_request::TopicProduceData::default()
                .with_name(name)
                .with_partition_data(vec![data.clone(), data]);
            RequestKind::Produce(ProduceRequest::default().with_topic_data(vec![topic]))
        }
        ApiKey::Fetch => {
            let partition = fetch_request::FetchPartition::default();
            let topic = fetch_request::FetchTopic::default()
                .with_topic(by_name())
                .with_partitions(vec![partition]);
            let mut request = FetchRequest::default().with_topics(vec![topic.clone(), topic]);
            if version >= 7 {
                let forgotten = fetch_request::ForgottenTopic::default()
                    .with_topic(by_name())
                    .with_partitions(vec![1, 2]);
                request.forgotten_topics_data = vec![forgotten];
            }
            RequestKind::Fetch(request)
        }
        ApiKey::Metadata => {
            let topic = metadata_request::MetadataRequestTopic::default().with_name(Some(name));
            RequestKind::Metadata(MetadataRequest::default().with_topics(Some(vec![topic])))
        }
        ApiKey::JoinGroup => {
            let protocol = join_group_request::JoinGroupRequestProtocol::default()
                .with_metadata(Bytes::from_static(b"metadata"));
            RequestKind::JoinGroup(JoinGroupRequest::default().with_protocols(vec![protocol]))
        }
        ApiKey::CreateTopics => {
            let topic = create_topics_request::CreatableTopic::default()
                .with_configs(vec![create_topics_request::CreatableTopicConfig::default()])
                .with_assignments(vec![
                    create_topics_request::CreatableReplicaAssignment::default()
                        .with_broker_ids(vec![1.into()]),
                ]);
            RequestKind::CreateTopics(CreateTopicsRequest::default().with_topics(vec![topic]))
        }
        key => panic!("no filled {key:?}"),
    }
}

#[test]
fn every_supported_request_has_the_shape_the_encoder_gives_it() {
    for &(key, first, last) in SUPPORTED {
        for version in first..=last {
            // Zeros are a request in its first version, whatever its fields: numbers, and lists and
            // texts of length zero. From there the encoder makes every other version.
            let mut zeros = Bytes::from_static(&[0; 256]);
            let mut request =
                RequestKind::decode(key, &mut zeros, first).expect("zeros are a request");
            if let RequestKind::Fetch(request) = &mut request {
                // Of a follower, and gone in later versions.
                request.replica_id = (-1).into();
            }
            let body = encoded(&request, version);
            check(key, version, &frame(key, version, &body))
                .unwrap_or_else(|error| panic!("{key:?} {version}: {error:#}"));
        }
    }
}

#[test]
fn lists_are_walked_to_their_end() {
    let keys = [
        ApiKey::Produce,
        ApiKey::Fetch,
        ApiKey::Metadata,
        ApiKey::JoinGroup,
        ApiKey::CreateTopics,
    ];
    for &(key, first, last) in SUPPORTED.iter().filter(|(key, ..)| keys.contains(key)) {
        for version in first..=last {
            let body = encoded(&filled(key, version), version);
            check(key, version, &frame(key, version, &body))
                .unwrap_or_else(|error| panic!("{key:?} {version}: {error:#}"));
            let cut = &body[..body.len() - 1];
            assert!(
                check(key, version, &frame(key, version, cut)).is_err(),
                "{key:?} {version}"
            );
        }
    }
}

#[test]
fn claimed_lengths_are_held_against_the_bytes() {
    let mut huge = BytesMut::new();
    huge.put_i32(i32::MAX);
    let error =
        check(ApiKey::Metadata, 1, &frame(ApiKey::Metadata, 1, &huge)).expect_err("too long");
    assert!(error.to_string().contains("elements"), "{error}");

    let flexible = [0xff, 0xff, 0xff, 0xff, 0x0f];
    assert!(
        check(
            ApiKey::Metadata,
            12,
            &frame(ApiKey::Metadata, 12, &flexible)
        )
        .is_err()
    );

    let mut negative = BytesMut::new();
    negative.put_i32(-2);
    assert!(check(ApiKey::Metadata, 1, &frame(ApiKey::Metadata, 1, &negative)).is_err());
}

#[test]
fn a_followers_fetch_is_refused() {
    let request = FetchRequest::default().with_cluster_id(Some(StrBytes::from_static_str("mine")));
    let body = encoded(&RequestKind::Fetch(request), 12);
    let error = check(ApiKey::Fetch, 12, &frame(ApiKey::Fetch, 12, &body)).expect_err("refused");
    assert!(error.to_string().contains("follower"), "{error}");
}
