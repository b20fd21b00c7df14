use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Waits for all parts of a service; the first that ends, well or not, ends the others by `stop`. The error is that of the
/// part that failed first.
pub async fn join_parts(
    mut parts: JoinSet<anyhow::Result<()>>,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let mut result = Ok(());
    while let Some(ended) = parts.join_next().await {
        stop.cancel();
        result = result.and(ended.unwrap_or_else(|panic| Err(panic.into())));
    }
    result
}
