mod coordinator;
mod journal;
mod membership;
mod offsets;
mod static_members;

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::{JoinGroupResponse, SyncGroupResponse};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::Instant;

use super::config::Config;
use super::join::Join;
use super::member::{Answer, Protocol};
use super::state::Group;
use super::sync::Sync;

const SESSION_TIMEOUT: Duration = Duration::from_secs(10);
const REBALANCE_TIMEOUT: Duration = Duration::from_secs(60);

/// A group with a clock that only the test moves.
struct Bench {
    group: Group,
    config: Config,
    now: Instant,
}

impl Bench {
    fn new() -> Bench {
        Bench {
            group: Group::new(0),
            config: Config::default(),
            now: Instant::now(),
        }
    }

    fn join(&mut self, join: Join) -> Pending<JoinGroupResponse> {
        Pending(self.group.join(join, &self.config, self.now))
    }

    /// A dynamic member's two steps: it is given an id, then joins with it.
    fn join_new(&mut self, protocols: &[(&str, &str)]) -> (String, Pending<JoinGroupResponse>) {
        let invitation = self.join(join_request("", protocols)).answer();
        assert_eq!(invitation.error_code, 79, "MEMBER_ID_REQUIRED");
        let member_id = invitation.member_id.to_string();
        let pending = self.join(join_request(&member_id, protocols));
        (member_id, pending)
    }

    fn sync(
        &mut self,
        member_id: &str,
        assignments: &[(&str, &str)],
    ) -> Pending<SyncGroupResponse> {
        let sync = Sync {
            member_id: member_id.to_owned(),
            generation: self.group.generation,
            assignments: assignments
                .iter()
                .map(|(id, share)| ((*id).to_owned(), bytes(share)))
                .collect::<HashMap<_, _>>(),
            ..Sync::default()
        };
        Pending(self.group.sync(sync, self.now))
    }

    fn heartbeat(&mut self, member_id: &str) -> i16 {
        let generation = self.group.generation;
        code(self.group.heartbeat(member_id, None, generation, self.now))
    }

    fn leave(&mut self, member_id: &str, instance_id: Option<&str>) -> i16 {
        code(
            self.group
                .leave(member_id, instance_id, &self.config, self.now),
        )
    }

    fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.group.expire(&self.config, self.now);
    }

    /// A group of one member that has its assignment.
    fn stable_with_one(&mut self) -> String {
        let (member_id, joined) = self.join_new(&[("range", "topic")]);
        assert_eq!(joined.answer().error_code, 0);
        assert_eq!(
            self.sync(&member_id, &[(&member_id, "everything")])
                .answer()
                .error_code,
            0
        );
        member_id
    }

    /// A group of two members that have their assignments; the first one leads.
    fn stable_with_two(&mut self) -> (String, String) {
        let first = self.stable_with_one();
        let (second, second_joined) = self.join_new(&[("range", "topic")]);
        let first_joined = self.join(join_request(&first, &[("range", "topic")]));
        assert_eq!(first_joined.answer().error_code, 0);
        assert_eq!(second_joined.answer().error_code, 0);
        let second_synced = self.sync(&second, &[]);
        let first_synced = self.sync(&first, &[(&first, "left"), (&second, "right")]);
        assert_eq!(first_synced.answer().assignment, bytes("left"));
        assert_eq!(second_synced.answer().assignment, bytes("right"));
        (first, second)
    }
}

/// What a request got: an answer at once, or later through its channel.
struct Pending<T>(Answer<T>);

impl<T> Pending<T> {
    fn answer(self) -> T {
        match self.0 {
            Answer::Now(answer) => answer,
            Answer::Later(mut receiver) => receiver
                .try_recv()
                .expect("the request is not answered yet"),
        }
    }

    fn is_waiting(&mut self) -> bool {
        match &mut self.0 {
            Answer::Now(_) => false,
            Answer::Later(receiver) => matches!(receiver.try_recv(), Err(TryRecvError::Empty)),
        }
    }
}

fn join_request(member_id: &str, protocols: &[(&str, &str)]) -> Join {
    let protocol = |(name, metadata): &(&str, &str)| Protocol {
        name: (*name).to_owned(),
        metadata: bytes(metadata),
    };
    Join {
        version: 9,
        member_id: member_id.to_owned(),
        instance_id: None,
        client_id: "client".to_owned(),
        client_host: "/127.0.0.1".to_owned(),
        session_timeout: SESSION_TIMEOUT,
        rebalance_timeout: REBALANCE_TIMEOUT,
        protocol_type: "consumer".to_owned(),
        protocols: protocols.iter().map(protocol).collect(),
    }
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn code(outcome: Result<(), kafka_protocol::ResponseError>) -> i16 {
    super::handle_members::error_code(outcome)
}
