//! One client connection: length-prefixed requests in, answers out in the same order.
//!
//! Like Apache Kafka, a connection's requests are handled one at a time: a client may send many
//! without waiting, they queue in its socket.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::Broker;
use crate::dispatch::dispatch;
use crate::reply::{Reply, ReplyWriter};

/// A request that has begun must be complete within this time.
const REQUEST_READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A peer that does not read its answers holds its connection this long at most.
const RESPONSE_WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// A buffer that grew for one large request is not kept beyond this size.
const KEPT_BUFFER_BYTES: usize = 4 << 20;

pub(crate) struct Connection {
    socket: TcpStream,
    peer: SocketAddr,
    broker: Arc<Broker>,
    memory: Arc<Semaphore>,
    buffer: BytesMut,
    writer: ReplyWriter,
}

impl Connection {
    pub(crate) fn new(
        socket: TcpStream,
        peer: SocketAddr,
        broker: Arc<Broker>,
        memory: Arc<Semaphore>,
    ) -> Self {
        Connection {
            socket,
            peer,
            broker,
            memory,
            buffer: BytesMut::new(),
            writer: ReplyWriter::default(),
        }
    }

    /// Serves the connection until the peer leaves, breaks the protocol, idles, or `stop`.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        if let Err(error) = self.socket.set_nodelay(true) {
            tracing::debug!(peer = %self.peer, %error, "cannot set TCP_NODELAY");
        }
        self.broker.meters.connections.increment(1);
        let served = self.serve(&stop).await;
        self.broker.meters.connections.decrement(1);
        match served {
            Ok(reason) => tracing::debug!(peer = %self.peer, reason, "connection closed"),
            // A peer that is gone is its own affair; one that breaks the protocol is worth a look.
            Err(error) if error.chain().any(|cause| cause.is::<io::Error>()) => {
                tracing::debug!(peer = %self.peer, error = format!("{error:#}"), "connection lost");
            }
            Err(error) => {
                tracing::warn!(peer = %self.peer, error = format!("{error:#}"), "connection closed");
            }
        }
    }

    async fn serve(&mut self, stop: &CancellationToken) -> anyhow::Result<&'static str> {
        loop {
            let idle_timeout = self.broker.config.idle_timeout();
            let next = tokio::time::timeout(idle_timeout, self.read_length());
            let length = tokio::select! {
                () = stop.cancelled() => return Ok("shutdown"),
                next = next => match next {
                    Err(_) => return Ok("idle"),
                    Ok(Ok(Some(length))) => length,
                    Ok(Ok(None)) => return Ok("closed by the client"),
                    Ok(Err(error)) => return Err(error),
                },
            };
            // Never more than all there is, or a large request could wait for ever.
            let permits = (length as u32).min(self.broker.config.max_in_flight_bytes);
            let memory = self.memory.clone().acquire_many_owned(permits).await?;
            let frame = tokio::time::timeout(REQUEST_READ_TIMEOUT, self.read_frame(length))
                .await
                .context("the request did not arrive completely in time")?
                .context("cannot read the request")?;
            let reply = dispatch(&self.broker, self.peer, frame, stop).await?;
            drop(memory);
            self.broker.meters.requests.increment(1);
            if let Reply::Pieces(pieces) = reply {
                tokio::time::timeout(
                    RESPONSE_WRITE_TIMEOUT,
                    self.writer.write(pieces, &mut self.socket),
                )
                .await
                .context("the client does not read its answers")?
                .context("cannot write the answer")?;
            }
            if self.buffer.capacity() > KEPT_BUFFER_BYTES {
                self.buffer = BytesMut::from(&self.buffer[..]);
            }
        }
    }

    /// The length of the next request, or `None` when the peer has closed between two requests.
    async fn read_length(&mut self) -> anyhow::Result<Option<usize>> {
        while self.buffer.len() < 4 {
            self.buffer.reserve(4096);
            if self.socket.read_buf(&mut self.buffer).await.unwrap_or(0) == 0 {
                return Ok(None);
            }
        }
        let length = self.buffer.get_i32();
        let max = self.broker.config.max_request_bytes;
        match u32::try_from(length) {
            Ok(length) if (8..=max).contains(&length) => Ok(Some(length as usize)),
            _ => bail!("a request of {length} bytes is outside 8..={max}"),
        }
    }

    async fn read_frame(&mut self, length: usize) -> io::Result<Bytes> {
        while self.buffer.len() < length {
            self.buffer.reserve(length - self.buffer.len());
            if self.socket.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.split_to(length).freeze())
    }
}
