use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::messages::{JoinGroupResponse, SyncGroupResponse};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// A new member that waits in its first join may have gone away without the broker noticing; it is
/// forgotten after this time (the same as in Apache Kafka).
pub(super) const FIRST_JOIN_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// One consumer in a group.
pub(super) struct Member {
    pub(super) id: String,
    /// `group.instance.id`: set by static members, which keep their place over a restart.
    pub(super) instance_id: Option<String>,
    pub(super) client_id: String,
    pub(super) client_host: String,
    pub(super) session_timeout: Duration,
    pub(super) rebalance_timeout: Duration,
    /// The assignors the member offers, in its order of preference.
    pub(super) protocols: Vec<Protocol>,
    pub(super) assignment: Bytes,
    pub(super) session_ends_at: Instant,
    /// True until its first join is answered.
    pub(super) is_new: bool,
    pub(super) waiting: Waiting,
}

/// An assignor's name and the subscription in that assignor's encoding, which only members read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Protocol {
    pub(super) name: String,
    pub(super) metadata: Bytes,
}

/// The answer to a request that may have to wait for other members.
pub(super) enum Answer<T> {
    Now(T),
    Later(oneshot::Receiver<T>),
}

/// The request of a member that is not answered yet.
pub(super) enum Waiting {
    Nothing,
    Join(oneshot::Sender<JoinGroupResponse>),
    Sync(oneshot::Sender<SyncGroupResponse>),
}

impl Member {
    pub(super) fn is_joining(&self) -> bool {
        matches!(self.waiting, Waiting::Join(_))
    }

    pub(super) fn supports(&self, protocol_name: &str) -> bool {
        self.protocols
            .iter()
            .any(|protocol| protocol.name == protocol_name)
    }

    pub(super) fn metadata_for(&self, protocol_name: &str) -> Bytes {
        let protocol = self
            .protocols
            .iter()
            .find(|protocol| protocol.name == protocol_name);
        protocol
            .map(|protocol| protocol.metadata.clone())
            .unwrap_or_default()
    }

    pub(super) fn renew_session(&mut self, now: Instant) {
        self.session_ends_at = now + self.session_timeout;
    }

    /// When the member is taken for dead. A member that waits for the broker cannot send heartbeats,
    /// so its session does not end meanwhile.
    pub(super) fn expires_at(&self) -> Option<Instant> {
        let is_alive = !matches!(self.waiting, Waiting::Nothing) && !self.is_new;
        (!is_alive).then_some(self.session_ends_at)
    }

    /// Answers a waiting join; a no-op for a member that does not wait in one.
    pub(super) fn answer_join(&mut self, response: JoinGroupResponse) {
        if self.is_joining()
            && let Waiting::Join(reply) = std::mem::replace(&mut self.waiting, Waiting::Nothing)
        {
            // The client may have gone away meanwhile; then its session ends in time.
            let _ = reply.send(response);
        }
    }

    /// Answers a waiting sync; a no-op for a member that does not wait in one.
    pub(super) fn answer_sync(&mut self, response: SyncGroupResponse) {
        if matches!(self.waiting, Waiting::Sync(_))
            && let Waiting::Sync(reply) = std::mem::replace(&mut self.waiting, Waiting::Nothing)
        {
            let _ = reply.send(response);
        }
    }

    /// Answers whatever the member waits for with an error.
    pub(super) fn refuse(&mut self, error: kafka_protocol::ResponseError) {
        let join = JoinGroupResponse::default()
            .with_error_code(error.code())
            .with_member_id(kafka_protocol::protocol::StrBytes::from_string(
                self.id.clone(),
            ));
        self.answer_join(join);
        self.answer_sync(SyncGroupResponse::default().with_error_code(error.code()));
    }
}
