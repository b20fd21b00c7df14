//! The shapes of the requests that this broker answers, in the versions it answers.

use kafka_protocol::messages::ApiKey;

use super::Field;
use super::Shape::{self, Blob, Fixed, Structs, Text, Values};

const BOOL: Shape = Fixed(1);
const INT8: Shape = Fixed(1);
const INT16: Shape = Fixed(2);
const INT32: Shape = Fixed(4);
const INT64: Shape = Fixed(8);
const UUID: Shape = Fixed(16);
const TEXTS: Shape = Values(&Text);
const INT32S: Shape = Values(&INT32);

const fn all(shape: Shape) -> Field {
    Field {
        shape,
        first: 0,
        last: i16::MAX,
    }
}

const fn since(first: i16, shape: Shape) -> Field {
    Field {
        shape,
        first,
        last: i16::MAX,
    }
}

const fn until(last: i16, shape: Shape) -> Field {
    Field {
        shape,
        first: 0,
        last,
    }
}

pub(super) fn fields(key: ApiKey) -> Option<&'static [Field]> {
    Some(match key {
        ApiKey::Produce => PRODUCE,
        ApiKey::Fetch => FETCH,
        ApiKey::ListOffsets => LIST_OFFSETS,
        ApiKey::Metadata => METADATA,
        ApiKey::OffsetCommit => OFFSET_COMMIT,
        ApiKey::OffsetFetch => OFFSET_FETCH,
        ApiKey::FindCoordinator => FIND_COORDINATOR,
        ApiKey::JoinGroup => JOIN_GROUP,
        ApiKey::Heartbeat => HEARTBEAT,
        ApiKey::LeaveGroup => LEAVE_GROUP,
        ApiKey::SyncGroup => SYNC_GROUP,
        ApiKey::DescribeGroups => DESCRIBE_GROUPS,
        ApiKey::ListGroups => LIST_GROUPS,
        ApiKey::ApiVersions => API_VERSIONS,
        ApiKey::CreateTopics => CREATE_TOPICS,
        ApiKey::DeleteTopics => DELETE_TOPICS,
        ApiKey::DeleteRecords => DELETE_RECORDS,
        ApiKey::InitProducerId => INIT_PRODUCER_ID,
        ApiKey::OffsetForLeaderEpoch => OFFSET_FOR_LEADER_EPOCH,
        ApiKey::DescribeConfigs => DESCRIBE_CONFIGS,
        ApiKey::AlterConfigs => ALTER_CONFIGS,
        ApiKey::DescribeLogDirs => DESCRIBE_LOG_DIRS,
        ApiKey::CreatePartitions => CREATE_PARTITIONS,
        ApiKey::DeleteGroups => DELETE_GROUPS,
        ApiKey::IncrementalAlterConfigs => INCREMENTAL_ALTER_CONFIGS,
        ApiKey::OffsetDelete => OFFSET_DELETE,
        ApiKey::DescribeCluster => DESCRIBE_CLUSTER,
        _ => return None,
    })
}

const PRODUCE: &[Field] = &[
    all(Text),
    all(INT16),
    all(INT32),
    all(Structs(PRODUCE_TOPIC)),
];
const PRODUCE_TOPIC: &[Field] = &[all(Text), all(Structs(&[all(INT32), all(Blob)]))];

const FETCH: &[Field] = &[
    until(14, INT32), // replica id
    all(INT32),       // max wait
    all(INT32),       // min bytes
    all(INT32),       // max bytes
    all(INT8),        // isolation level
    since(7, INT32),  // session id
    since(7, INT32),  // session epoch
    all(Structs(FETCH_TOPIC)),
    since(7, Structs(FORGOTTEN_TOPIC)),
    since(11, Text), // rack
];
const FETCH_TOPIC: &[Field] = &[
    until(12, Text),
    since(13, UUID),
    all(Structs(FETCH_PARTITION)),
];
const FETCH_PARTITION: &[Field] = &[
    all(INT32),       // index
    since(9, INT32),  // current leader epoch
    all(INT64),       // offset
    since(12, INT32), // last fetched epoch
    since(5, INT64),  // log start offset
    all(INT32),       // max bytes
];
const FORGOTTEN_TOPIC: &[Field] = &[until(12, Text), since(13, UUID), all(INT32S)];

const LIST_OFFSETS: &[Field] = &[all(INT32), since(2, INT8), all(Structs(LIST_OFFSETS_TOPIC))];
const LIST_OFFSETS_TOPIC: &[Field] = &[
    all(Text),
    all(Structs(&[all(INT32), since(4, INT32), all(INT64)])),
];

const METADATA: &[Field] = &[
    all(Structs(&[since(10, UUID), all(Text)])),
    since(4, BOOL), // may create
    Field {
        shape: BOOL,
        first: 8,
        last: 10,
    }, // operations on the cluster
    since(8, BOOL), // operations on topics
];

const OFFSET_COMMIT: &[Field] = &[
    all(Text),       // group
    all(INT32),      // generation
    all(Text),       // member
    since(7, Text),  // instance
    until(4, INT64), // retention
    all(Structs(OFFSET_COMMIT_TOPIC)),
];
const OFFSET_COMMIT_TOPIC: &[Field] = &[
    all(Text),
    all(Structs(&[
        all(INT32),
        all(INT64),
        since(6, INT32),
        all(Text),
    ])),
];

const OFFSET_FETCH: &[Field] = &[
    until(7, Text),
    until(7, Structs(OFFSET_FETCH_TOPIC)),
    since(8, Structs(OFFSET_FETCH_GROUP)),
    since(7, BOOL),
];
const OFFSET_FETCH_GROUP: &[Field] = &[
    all(Text),
    since(9, Text),
    since(9, INT32),
    all(Structs(OFFSET_FETCH_TOPIC)),
];
const OFFSET_FETCH_TOPIC: &[Field] = &[all(Text), all(INT32S)];

const JOIN_GROUP: &[Field] = &[
    all(Text),                             // group
    all(INT32),                            // session timeout
    since(1, INT32),                       // rebalance timeout
    all(Text),                             // member
    since(5, Text),                        // instance
    all(Text),                             // protocol type
    all(Structs(&[all(Text), all(Blob)])), // protocols
    since(8, Text),                        // reason
];

const LEAVE_GROUP: &[Field] = &[all(Text), until(2, Text), since(3, Structs(LEAVING_MEMBER))];
const LEAVING_MEMBER: &[Field] = &[all(Text), all(Text), since(5, Text)];

const SYNC_GROUP: &[Field] = &[
    all(Text),      // group
    all(INT32),     // generation
    all(Text),      // member
    since(3, Text), // instance
    since(5, Text), // protocol type
    since(5, Text), // protocol
    all(Structs(&[all(Text), all(Blob)])),
];

const CREATE_TOPICS: &[Field] = &[all(Structs(CREATABLE_TOPIC)), all(INT32), all(BOOL)];
const CREATABLE_TOPIC: &[Field] = &[
    all(Text),
    all(INT32),
    all(INT16),
    all(Structs(&[all(INT32), all(INT32S)])), // assignments
    all(Structs(&[all(Text), all(Text)])),    // configs
];

const DELETE_TOPICS: &[Field] = &[
    since(6, Structs(&[all(Text), all(UUID)])),
    until(5, TEXTS),
    all(INT32),
];

const DELETE_RECORDS: &[Field] = &[all(Structs(DELETE_RECORDS_TOPIC)), all(INT32)];
const DELETE_RECORDS_TOPIC: &[Field] = &[all(Text), all(Structs(&[all(INT32), all(INT64)]))];

const INIT_PRODUCER_ID: &[Field] = &[all(Text), all(INT32), since(3, INT64), since(3, INT16)];

const OFFSET_FOR_LEADER_EPOCH: &[Field] = &[since(3, INT32), all(Structs(LEADER_EPOCH_TOPIC))];
const LEADER_EPOCH_TOPIC: &[Field] = &[
    all(Text),
    all(Structs(&[all(INT32), all(INT32), all(INT32)])),
];

const DESCRIBE_CONFIGS: &[Field] = &[
    all(Structs(&[all(INT8), all(Text), all(TEXTS)])),
    all(BOOL),
    since(3, BOOL),
];

const ALTER_CONFIGS: &[Field] = &[all(Structs(ALTERED_RESOURCE)), all(BOOL)];
const ALTERED_RESOURCE: &[Field] = &[all(INT8), all(Text), all(Structs(&[all(Text), all(Text)]))];

const INCREMENTAL_ALTER_CONFIGS: &[Field] = &[all(Structs(CHANGED_RESOURCE)), all(BOOL)];
const CHANGED_RESOURCE: &[Field] = &[
    all(INT8),
    all(Text),
    all(Structs(&[all(Text), all(INT8), all(Text)])),
];

const CREATE_PARTITIONS: &[Field] = &[all(Structs(GROWN_TOPIC)), all(INT32), all(BOOL)];
const GROWN_TOPIC: &[Field] = &[all(Text), all(INT32), all(Structs(&[all(INT32S)]))];

const OFFSET_DELETE_TOPIC: &[Field] = &[all(Text), all(Structs(&[all(INT32)]))];

const FIND_COORDINATOR: &[Field] = &[until(3, Text), since(1, INT8), since(4, TEXTS)];
const HEARTBEAT: &[Field] = &[all(Text), all(INT32), all(Text), since(3, Text)];
const DESCRIBE_GROUPS: &[Field] = &[all(TEXTS), since(3, BOOL)];
const LIST_GROUPS: &[Field] = &[since(4, TEXTS), since(5, TEXTS)];
const API_VERSIONS: &[Field] = &[since(3, Text), since(3, Text)];
const DESCRIBE_LOG_DIRS: &[Field] = &[all(Structs(&[all(Text), all(INT32S)]))];
const DELETE_GROUPS: &[Field] = &[all(TEXTS)];
const OFFSET_DELETE: &[Field] = &[all(Text), all(Structs(OFFSET_DELETE_TOPIC))];
const DESCRIBE_CLUSTER: &[Field] = &[all(BOOL), since(1, INT8)];
