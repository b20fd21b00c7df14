use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{
    CreatePartitionsRequest, CreateTopicsRequest, DeleteRecordsRequest, DeleteTopicsRequest,
    DescribeClusterRequest, DescribeConfigsRequest, DescribeLogDirsRequest,
    IncrementalAlterConfigsRequest, MetadataRequest,
};
use kafka_protocol::protocol::StrBytes;

use crate::broker::{ANYONE, Client, TestBroker, batch, topic_name};

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

fn asked(name: &'static str) -> CreatableTopic {
    CreatableTopic::default()
        .with_name(topic_name(name))
        .with_num_partitions(1)
        .with_replication_factor(-1)
}

async fn create(client: &mut Client, topic: CreatableTopic) -> i16 {
    let request = CreateTopicsRequest::default().with_topics(vec![topic]);
    client.call(request, 7).await.topics[0].error_code
}

async fn config(client: &mut Client, topic: &'static str, name: &str) -> (String, i8) {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text(topic))
        .with_configuration_keys(None);
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let answer = client.call(request, 4).await;
    assert_eq!(answer.results[0].error_code, 0);
    let entry = answer.results[0]
        .configs
        .iter()
        .find(|entry| entry.name.as_str() == name);
    let entry = entry.expect("the setting");
    (
        entry.value.as_ref().expect("a value").to_string(),
        entry.config_source,
    )
}

#[tokio::test]
async fn topics_are_created_as_asked_or_refused() {
    let broker = TestBroker::start().await;
    let mut client = broker.connect().await;
    assert_eq!(create(&mut client, asked("t")).await, 0);
    let unknown = CreatableTopicConfig::default()
        .with_name(text("flush.ms"))
        .with_value(Some(text("1")));
    for (topic, error) in [
        (asked("t"), ResponseError::TopicAlreadyExists),
        (asked("a/b"), ResponseError::InvalidTopicException),
        (
            asked("u").with_replication_factor(3),
            ResponseError::InvalidReplicationFactor,
        ),
        (
            asked("u").with_num_partitions(0),
            ResponseError::InvalidPartitions,
        ),
        (
            asked("u").with_num_partitions(100_000),
            ResponseError::InvalidPartitions,
        ),
        (
            asked("u").with_configs(vec![unknown]),
            ResponseError::InvalidConfig,
        ),
    ] {
        assert_eq!(create(&mut client, topic).await, error.code(), "{error:?}");
    }
    let only_asked = CreateTopicsRequest::default()
        .with_topics(vec![asked("u")])
        .with_validate_only(true);
    assert_eq!(client.call(only_asked, 7).await.topics[0].error_code, 0);
    let metadata = client
        .call(MetadataRequest::default().with_topics(None), 12)
        .await;
    assert_eq!(metadata.topics.len(), 1);
    broker.stop().await;
}

#[tokio::test]
async fn a_topic_that_is_asked_for_is_created_if_that_is_wanted() {
    let metadata_of = |name| {
        let topic = MetadataRequestTopic::default().with_name(Some(topic_name(name)));
        MetadataRequest::default().with_topics(Some(vec![topic]))
    };
    let broker = TestBroker::start_with(|config| config.default_partitions = 3).await;
    let mut client = broker.connect().await;
    let answer = client
        .call(metadata_of("new").with_allow_auto_topic_creation(true), 12)
        .await;
    assert_eq!(
        (
            answer.topics[0].error_code,
            answer.topics[0].partitions.len()
        ),
        (0, 3)
    );
    let answer = client
        .call(
            metadata_of("other").with_allow_auto_topic_creation(false),
            12,
        )
        .await;
    assert_eq!(
        answer.topics[0].error_code,
        ResponseError::UnknownTopicOrPartition.code()
    );
    let answer = client
        .call(metadata_of("a b").with_allow_auto_topic_creation(true), 12)
        .await;
    assert_eq!(
        answer.topics[0].error_code,
        ResponseError::InvalidTopicException.code()
    );
    broker.stop().await;

    let broker = TestBroker::start_with(|config| config.auto_create_topics = false).await;
    let mut client = broker.connect().await;
    let answer = client
        .call(metadata_of("new").with_allow_auto_topic_creation(true), 12)
        .await;
    assert_eq!(
        answer.topics[0].error_code,
        ResponseError::UnknownTopicOrPartition.code()
    );
    broker.stop().await;
}

#[tokio::test]
async fn a_deleted_topic_is_gone_and_its_name_free() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    client.produce("t", 0, batch(&["old"], ANYONE)).await;
    let by_name = DeleteTopicState::default().with_name(Some(topic_name("t")));
    let request = DeleteTopicsRequest::default().with_topics(vec![by_name]);
    assert_eq!(
        client.call(request.clone(), 6).await.responses[0].error_code,
        0
    );
    assert!(!broker.partition("t-0").exists());
    let gone = ResponseError::UnknownTopicOrPartition.code();
    assert_eq!(client.call(request, 6).await.responses[0].error_code, gone);
    assert_eq!(
        client
            .produce("t", 0, batch(&["old"], ANYONE))
            .await
            .error_code,
        gone
    );
    broker.create_topic("t", 1).await;
    assert_eq!(
        client
            .produce("t", 0, batch(&["new"], ANYONE))
            .await
            .base_offset,
        0
    );

    let metadata = client
        .call(MetadataRequest::default().with_topics(None), 12)
        .await;
    let by_id = DeleteTopicState::default()
        .with_name(None)
        .with_topic_id(metadata.topics[0].topic_id);
    let request = DeleteTopicsRequest::default().with_topics(vec![by_id]);
    assert_eq!(client.call(request, 6).await.responses[0].error_code, 0);
    broker.stop().await;
}

#[tokio::test]
async fn topics_grow_but_do_not_shrink() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 2).await;
    let mut client = broker.connect().await;
    for (count, code) in [
        (4, 0),
        (4, ResponseError::InvalidPartitions.code()),
        (1, ResponseError::InvalidPartitions.code()),
    ] {
        let topic = CreatePartitionsTopic::default()
            .with_name(topic_name("t"))
            .with_count(count)
            .with_assignments(None);
        let request = CreatePartitionsRequest::default().with_topics(vec![topic]);
        assert_eq!(client.call(request, 3).await.results[0].error_code, code);
    }
    assert_eq!(
        client
            .produce("t", 3, batch(&["a"], ANYONE))
            .await
            .error_code,
        0
    );
    let broker = broker.restart(|_| {}).await;
    assert_eq!(
        broker.connect().await.fetch("t", 3, 0).await.high_watermark,
        1
    );
    broker.stop().await;
}

#[tokio::test]
async fn a_topics_configuration_is_changed_and_kept() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    assert_eq!(
        config(&mut client, "t", "max.message.bytes").await,
        ("1048588".to_owned(), 5)
    );
    let change = |name, value| {
        let config = AlterableConfig::default()
            .with_name(text(name))
            .with_config_operation(0)
            .with_value(Some(text(value)));
        let resource = AlterConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name(text("t"))
            .with_configs(vec![config]);
        IncrementalAlterConfigsRequest::default().with_resources(vec![resource])
    };
    let answer = client.call(change("max.message.bytes", "100"), 1).await;
    assert_eq!(answer.responses[0].error_code, 0);
    let answer = client.call(change("cleanup.policy", "compact"), 1).await;
    assert_eq!(
        answer.responses[0].error_code,
        ResponseError::InvalidConfig.code()
    );
    let large = "x".repeat(200);
    let answer = client.produce("t", 0, batch(&[&large], ANYONE)).await;
    assert_eq!(answer.error_code, ResponseError::MessageTooLarge.code());
    let broker = broker.restart(|_| {}).await;
    let mut client = broker.connect().await;
    assert_eq!(
        config(&mut client, "t", "max.message.bytes").await,
        ("100".to_owned(), 1)
    );
    broker.stop().await;
}

#[tokio::test]
async fn records_are_deleted_and_sizes_told() {
    let broker = TestBroker::start().await;
    broker.create_topic("t", 1).await;
    let mut client = broker.connect().await;
    client
        .produce("t", 0, batch(&["a", "b", "c"], ANYONE))
        .await;
    for (offset, low_watermark, code) in [
        (2, 2, 0),
        (9, -1, ResponseError::OffsetOutOfRange.code()),
        (-1, 3, 0),
    ] {
        let partition = DeleteRecordsPartition::default().with_offset(offset);
        let topic = DeleteRecordsTopic::default()
            .with_name(topic_name("t"))
            .with_partitions(vec![partition]);
        let request = DeleteRecordsRequest::default().with_topics(vec![topic]);
        let answer = client.call(request, 2).await;
        let answer = &answer.topics[0].partitions[0];
        assert_eq!(
            (answer.error_code, answer.low_watermark),
            (code, low_watermark)
        );
    }
    let answer = client
        .call(DescribeLogDirsRequest::default().with_topics(None), 4)
        .await;
    assert!(answer.results[0].topics[0].partitions[0].partition_size > 0);
    broker.stop().await;
}

#[tokio::test]
async fn the_cluster_is_one_broker() {
    let broker = TestBroker::start().await;
    let mut client = broker.connect().await;
    let answer = client.call(DescribeClusterRequest::default(), 1).await;
    assert_eq!((answer.error_code, answer.brokers.len()), (0, 1));
    assert_eq!(answer.brokers[0].port, i32::from(broker.address.port()));
    broker.stop().await;
}
