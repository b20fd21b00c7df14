//! CreatePartitions: grows topics.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::{CreatePartitionsRequest, CreatePartitionsResponse};

use crate::refusal::{Refusal, code_and_sentence};
use crate::{Broker, NODE_ID};

/// Blocks on file IO.
pub(crate) fn handle(
    broker: &Broker,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let results = request.topics.into_iter().map(|asked| {
        let outcome = check_assignments(&asked).and_then(|()| {
            broker
                .topics
                .add_partitions(&asked.name, asked.count, request.validate_only)
        });
        let (code, sentence) = code_and_sentence(&outcome);
        CreatePartitionsTopicResult::default()
            .with_name(asked.name)
            .with_error_code(code)
            .with_error_message(sentence)
    });
    CreatePartitionsResponse::default().with_results(results.collect())
}

fn check_assignments(asked: &CreatePartitionsTopic) -> Result<(), Refusal> {
    let mut assignments = asked.assignments.iter().flatten();
    if assignments.all(|assigned| assigned.broker_ids == [NODE_ID]) {
        return Ok(());
    }
    let message = format!(
        "Each partition must be assigned to broker {} alone.",
        NODE_ID.0
    );
    Err(Refusal::new(
        ResponseError::InvalidReplicaAssignment,
        message,
    ))
}
