//! The group coordinator: who belongs to a consumer group, and how far each group has read.
//!
//! It speaks Kafka's classic group protocol (JoinGroup, SyncGroup, Heartbeat, LeaveGroup) with the
//! states, error codes and timeouts of Apache Kafka 4.1, static members included. It never looks
//! into an assignment, so eager and cooperative assignors both work. The newer protocol of KIP-848
//! is not offered; clients that ask for it fall back or say so.
//!
//! Delivery semantics: a committed offset is in the journal file before the commit is acknowledged,
//! so it survives a kill at any moment. Memberships are not kept: after a restart every member is
//! told `UNKNOWN_MEMBER_ID` and joins anew at once, where Apache Kafka would wait a session timeout
//! for members that died together with the broker, which on one machine is the usual case. The
//! generation is kept, so a generation number is never used twice.
//!
//! Limits (all in [`Config`]): groups, members of a group, bytes of a member's metadata and of a
//! commit's metadata, and the range of session timeouts. What is over a limit is refused with the
//! protocol's own error. Offsets leave after [`Config::offsets_retention_minutes`], as in Apache Kafka,
//! but the time the broker was down does not count.
//!
//! Reading order: `state` (what a group is), `join`, `sync`, `rebalance` (the state machine, which
//! is pure: it gets the time and answers through channels), `offsets`, `journal`, and `coordinator`,
//! which puts a lock, a file and a clock around them. `handle_*` are the protocol's requests.

mod config;
mod coordinator;
mod handle_admin;
mod handle_fetch_offsets;
mod handle_find;
mod handle_members;
mod handle_offsets;
mod join;
mod journal;
mod member;
mod offsets;
mod rebalance;
mod state;
mod sync;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use coordinator::Coordinator;
pub use handle_find::find_coordinator;
