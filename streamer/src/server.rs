//! Accepts connections up to the limit, and ends them all when told to stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::Connection;
use crate::{Broker, StreamerConfig};

/// How long requests in hand may take to finish after the stop signal.
const DRAIN_DEADLINE: Duration = Duration::from_secs(3);
/// How often old segments are looked for.
const RETENTION_INTERVAL: Duration = Duration::from_secs(60);

/// A broker whose data folder is open and recovered: from here on it is ready to serve.
pub struct Streamer {
    listener: TcpListener,
    broker: Arc<Broker>,
}

/// Opens the data folder, then serves until `stop`; returns when all is written and closed.
pub async fn serve(
    listener: TcpListener,
    config: StreamerConfig,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    Streamer::open(listener, config).await?.run(stop).await
}

impl Streamer {
    pub async fn open(listener: TcpListener, config: StreamerConfig) -> anyhow::Result<Self> {
        let bound = listener
            .local_addr()
            .context("the listener has no address")?;
        let broker = tokio::task::spawn_blocking(move || Broker::open(config, bound)).await??;
        tracing::info!(
            address = %bound,
            advertised = %format!("{}:{}", broker.advertised_host, broker.advertised_port),
            data_dir = %broker.config.data_dir.display(),
            "streamer is ready"
        );
        Ok(Streamer {
            listener,
            broker: Arc::new(broker),
        })
    }

    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let Streamer { listener, broker } = self;
        let connections = TaskTracker::new();
        let housekeeping = TaskTracker::new();
        housekeeping.spawn({
            let (broker, stop) = (broker.clone(), stop.clone());
            async move { broker.groups.run(stop).await }
        });
        housekeeping.spawn(keep_house(broker.clone(), stop.clone()));
        housekeeping.close();
        let slots = Arc::new(Semaphore::new(broker.config.max_connections as usize));
        let memory = Arc::new(Semaphore::new(broker.config.max_in_flight_bytes as usize));
        loop {
            // The slot is taken before the connection: beyond the limit, clients wait in the
            // listener's queue rather than cost memory here.
            let (slot, accepted) = tokio::select! {
                () = stop.cancelled() => break,
                taken = async {
                    let slot = slots.clone().acquire_owned().await;
                    (slot, listener.accept().await)
                } => taken,
            };
            match accepted {
                Ok((socket, peer)) => {
                    let connection = Connection::new(socket, peer, broker.clone(), memory.clone());
                    let stop = stop.clone();
                    connections.spawn(async move {
                        let _slot = slot;
                        connection.run(stop).await;
                    });
                }
                Err(error) => {
                    // Out of file descriptors or a peer already gone; neither ends the broker.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(listener);
        connections.close();
        if tokio::time::timeout(DRAIN_DEADLINE, connections.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                left = connections.len(),
                "connections did not finish in time"
            );
        }
        housekeeping.wait().await;
        tokio::task::spawn_blocking(move || broker.topics.close()).await??;
        tracing::info!("streamer has stopped");
        Ok(())
    }
}

/// Drops old segments, and flushes to the disk if that was asked for, until `stop`.
async fn keep_house(broker: Arc<Broker>, stop: CancellationToken) {
    let flush_interval = broker.config.flush_interval_ms.map(Duration::from_millis);
    let mut flush_at = flush_interval.map(|interval| Instant::now() + interval);
    let mut retention_at = Instant::now() + RETENTION_INTERVAL;
    loop {
        let wake_at = flush_at.map_or(retention_at, |flush_at| flush_at.min(retention_at));
        tokio::select! {
            () = tokio::time::sleep_until(wake_at) => {}
            () = stop.cancelled() => return,
        }
        let now = Instant::now();
        let (flush_due, retention_due) =
            (flush_at.is_some_and(|at| at <= now), retention_at <= now);
        let working = broker.clone();
        let worked = tokio::task::spawn_blocking(move || {
            if flush_due {
                working.topics.flush();
            }
            if retention_due {
                working.topics.enforce_retention();
            }
        });
        if let Err(error) = worked.await {
            tracing::error!(%error, "housekeeping failed");
        }
        if retention_due {
            retention_at = Instant::now() + RETENTION_INTERVAL;
        }
        if flush_due {
            flush_at = flush_interval.map(|interval| Instant::now() + interval);
        }
    }
}
