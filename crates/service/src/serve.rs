use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{Guard, Tls, access::PeerAddress, telemetry};

/// Connections served at once; the next wait in the kernel's backlog.
const CONNECTIONS_MAX: usize = 4096;
/// Headers of one request; above it the answer is 431.
const HEADERS_MAX: usize = 100;
/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long requests in progress may go on after the stop signal. Below the 5 s in which `kafkloud up` promises to end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);

/// Serves what programs call as [`serve_http`] does, and refuses what another website has a browser of this machine send.
pub async fn serve_api(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let guard = Guard::of_api(listener.local_addr()?);
    serve_http(listener, guard.protect(router), tls, stop).await
}

/// Serves HTTP/1.1 on `listener` until `stop`, over TLS if there is a certificate, then lets requests in progress finish within
/// [`DRAIN_TIMEOUT`].
///
/// Streams without end (SSE) must end themselves with the same `stop`, or they are cut at the deadline.
pub async fn serve_http(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    tokio::spawn(telemetry::fold_metrics(stop.clone()));
    if let Some(tls) = tls.clone() {
        tokio::spawn(tls.renew(stop.clone()));
    }
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else {
            continue;
        };
        let (router, watcher) = (router.clone(), graceful.watcher());
        match tls.clone() {
            None => {
                tokio::spawn(async move {
                    converse(stream, peer, router, watcher).await;
                    drop(permit);
                });
            }
            Some(tls) => {
                let stop = stop.clone();
                tokio::spawn(async move {
                    match stop.run_until_cancelled(tls.accept(stream)).await {
                        Some(Ok(stream)) => converse(stream, peer, router, watcher).await,
                        Some(Err(error)) => tracing::debug!(%error, %peer, "no TLS connection"),
                        None => {}
                    }
                    drop(permit);
                });
            }
        }
    }
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were still in progress at the drain deadline and were cut");
    }
    Ok(())
}

/// Answers the requests of one connection, until it ends or all do.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
) {
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(PeerAddress(peer));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended early");
    }
}

/// The next connection, or `None` when accepting failed and was waited out.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are small and awaited: waiting to fill a packet only delays them.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, permit))
        }
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            // Out of file descriptors, most likely: a pause lets connections end instead of spinning.
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}
