//! DeleteTopics: by name or by id.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{DeleteTopicsRequest, DeleteTopicsResponse, TopicName};
use uuid::Uuid;

use crate::Broker;
use crate::refusal::{Refusal, code_and_sentence};

/// Blocks on file IO.
pub(crate) fn handle(broker: &Broker, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    // Up to version 5 the topics are a list of names, later of names or ids.
    let named = request
        .topic_names
        .into_iter()
        .map(|name| (Some(name), Uuid::nil()));
    let stated = request
        .topics
        .into_iter()
        .map(|DeleteTopicState { name, topic_id, .. }| (name, topic_id));
    let responses = named
        .chain(stated)
        .map(|(name, id)| delete(broker, name, id));
    DeleteTopicsResponse::default().with_responses(responses.collect())
}

fn delete(broker: &Broker, name: Option<TopicName>, id: Uuid) -> DeletableTopicResult {
    let topic = match &name {
        Some(name) => broker.topics.get(name),
        None => broker.topics.get_by_id(&id),
    };
    let by_id = name.is_none();
    let outcome = match &topic {
        Some(topic) => broker.topics.delete(&topic.name),
        None if by_id => Err(Refusal::new(
            ResponseError::UnknownTopicId,
            "There is no topic with this id.",
        )),
        None => Err(Refusal::new(
            ResponseError::UnknownTopicOrPartition,
            "There is no such topic.",
        )),
    };
    if let (Ok(()), Some(topic)) = (&outcome, &topic) {
        broker.groups.topic_deleted(&topic.name);
    }
    let (code, sentence) = code_and_sentence(&outcome);
    DeletableTopicResult::default()
        .with_name(
            topic
                .as_ref()
                .map(|topic| TopicName(topic.name.clone()))
                .or(name),
        )
        .with_topic_id(topic.map_or(id, |topic| topic.id))
        .with_error_code(code)
        .with_error_message(sentence)
}
