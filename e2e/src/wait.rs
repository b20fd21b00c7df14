//! Waiting for a condition instead of sleeping for luck.

use std::{fmt::Display, future::Future, time::Duration};

use tokio::time::Instant;

/// How long a test waits before it calls the condition unmet. Long enough for a machine that builds beside it, short enough for a person
/// who waits for a failing test.
pub const DEADLINE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// Asks `probe` until it has something, and fails after [`DEADLINE`] with `what` was awaited.
pub async fn until<T, F, Fut>(what: impl Display, mut probe: F) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<Option<T>>>,
{
    let deadline = Instant::now() + DEADLINE;
    let mut last_error = None;
    while Instant::now() < deadline {
        match probe().await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(error) => last_error = Some(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
    match last_error {
        Some(error) => Err(error.context(format!("waited in vain for {what}"))),
        None => anyhow::bail!("waited in vain for {what}"),
    }
}
