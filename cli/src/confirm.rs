//! Whether messages have been consumed, asked of the consumer one by one.

use std::time::Duration;

use contract::{MessageId, Stage};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use crate::{
    commands::status,
    http::{Service, ServiceError},
};

/// What the consumer says of messages.
#[derive(Debug, Default)]
pub(crate) struct Confirmation {
    pub(crate) consumed: u64,
    pub(crate) dead: u64,
    /// Not consumed in time, or not known at all.
    pub(crate) missing: Vec<MessageId>,
}

/// Questions asked at once.
const QUESTIONS_MAX: usize = 32;

/// Asks for each message until it is consumed, all within `patience`.
pub(crate) async fn confirm(
    consumer: &Service,
    ids: impl Iterator<Item = MessageId>,
    patience: Duration,
) -> Result<Confirmation, ServiceError> {
    let deadline = Instant::now() + patience;
    stream::iter(ids)
        .map(async |id| {
            let left = deadline.saturating_duration_since(Instant::now());
            let life = status::life_of(consumer, id, left).await?;
            Ok((id, life))
        })
        .buffer_unordered(QUESTIONS_MAX)
        .try_fold(
            Confirmation::default(),
            async |mut confirmation, (id, life)| {
                match life {
                    Some(life) if life.stage == Stage::Dead => confirmation.dead += 1,
                    Some(life) if life.has_reached(Stage::Consumed) => confirmation.consumed += 1,
                    _ => confirmation.missing.push(id),
                }
                Ok(confirmation)
            },
        )
        .await
}
