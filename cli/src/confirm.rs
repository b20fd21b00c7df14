//! Whether messages have come to their goal, asked of the consumer one by one.

use std::time::Duration;

use contract::{MessageId, Stage};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use crate::{
    commands::status::{self, Goal},
    http::{Service, ServiceError},
};

/// What the consumer says of messages.
#[derive(Debug, Default)]
pub(crate) struct Confirmation {
    /// They came to their goal.
    pub(crate) reached: u64,
    pub(crate) dead: u64,
    /// Not there in time, or not known at all.
    pub(crate) missing: Vec<MessageId>,
}

/// Questions asked at once.
const QUESTIONS_MAX: usize = 32;

/// Asks for each message until it is at its goal, all within `patience`.
pub(crate) async fn confirm(
    consumer: &Service,
    ids: impl Iterator<Item = MessageId>,
    goal: Goal,
    patience: Duration,
) -> Result<Confirmation, ServiceError> {
    let deadline = Instant::now() + patience;
    stream::iter(ids)
        .map(async |id| {
            let left = deadline.saturating_duration_since(Instant::now());
            let life = status::life_of(consumer, id, goal, left).await?;
            Ok((id, life))
        })
        .buffer_unordered(QUESTIONS_MAX)
        .try_fold(
            Confirmation::default(),
            async |mut confirmation, (id, life)| {
                match life {
                    Some(life) if life.stage == Stage::Dead => confirmation.dead += 1,
                    Some(life) if goal.is_met(&life) => confirmation.reached += 1,
                    _ => confirmation.missing.push(id),
                }
                Ok(confirmation)
            },
        )
        .await
}
