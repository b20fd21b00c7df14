//! An answer on its way to the client. Records are not read into it: it says where in which file
//! they are, and they pass through a small buffer when it is written.

use std::io;
use std::os::unix::fs::FileExt;

use anyhow::Context;
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, ResponseHeader};
use kafka_protocol::protocol::Encodable;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::log::FileRange;

/// Records are copied from file to socket in steps of this size, small enough to stay in the
/// processor's cache between the two copies.
const COPY_BYTES: usize = 256 << 10;

pub(crate) enum Reply {
    /// The client asked not to be answered.
    Silent,
    Pieces(Vec<Piece>),
}

#[derive(Debug)]
pub(crate) enum Piece {
    Bytes(Bytes),
    Records(FileRange),
}

impl Piece {
    pub(crate) fn length(&self) -> u64 {
        match self {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::Records(range) => range.length,
        }
    }
}

/// What is known of an answer before its body.
pub(crate) struct Answer {
    pub(crate) key: ApiKey,
    pub(crate) api_version: i16,
    pub(crate) correlation_id: i32,
}

impl Answer {
    pub(crate) fn encode(&self, body: &impl Encodable) -> anyhow::Result<Reply> {
        self.encode_version(self.api_version, body)
    }

    pub(crate) fn encode_version(
        &self,
        version: i16,
        body: &impl Encodable,
    ) -> anyhow::Result<Reply> {
        let mut buffer = BytesMut::with_capacity(body.compute_size(version)?);
        body.encode(&mut buffer, version)?;
        self.assemble(version, vec![Piece::Bytes(buffer.freeze())])
    }

    /// Puts length and header before a body that was encoded by hand.
    pub(crate) fn pieces(&self, body: Vec<Piece>) -> anyhow::Result<Reply> {
        self.assemble(self.api_version, body)
    }

    fn assemble(&self, version: i16, body: Vec<Piece>) -> anyhow::Result<Reply> {
        let header = ResponseHeader::default().with_correlation_id(self.correlation_id);
        let header_version = self.key.response_header_version(version);
        let header_bytes = header.compute_size(header_version)?;
        let body_bytes: u64 = body.iter().map(Piece::length).sum();
        let length =
            i32::try_from(header_bytes as u64 + body_bytes).context("the answer is too large")?;
        let mut head = BytesMut::with_capacity(4 + header_bytes);
        head.extend_from_slice(&length.to_be_bytes());
        header.encode(&mut head, header_version)?;
        let head = Piece::Bytes(head.freeze());
        Ok(Reply::Pieces(std::iter::once(head).chain(body).collect()))
    }
}

/// Writes answers to a connection through one buffer, which is kept from answer to answer.
#[derive(Default)]
pub(crate) struct ReplyWriter {
    buffer: Vec<u8>,
    filled: usize,
}

impl ReplyWriter {
    pub(crate) async fn write(
        &mut self,
        pieces: Vec<Piece>,
        socket: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let length: u64 = pieces.iter().map(Piece::length).sum();
        if (self.buffer.len() as u64) < length && self.buffer.len() < COPY_BYTES {
            let wanted = length.next_power_of_two().min(COPY_BYTES as u64);
            self.buffer = vec![0; wanted as usize];
        }
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) => self.put(&bytes, socket).await?,
                Piece::Records(range) => self.copy(range, socket).await?,
            }
        }
        self.flush(socket).await
    }

    async fn put(
        &mut self,
        mut bytes: &[u8],
        socket: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        while !bytes.is_empty() {
            let step = bytes.len().min(self.room(socket).await?);
            let (now, later) = bytes.split_at(step);
            self.buffer[self.filled..self.filled + step].copy_from_slice(now);
            self.filled += step;
            bytes = later;
        }
        Ok(())
    }

    async fn copy(
        &mut self,
        range: FileRange,
        socket: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let FileRange {
            file,
            mut position,
            mut length,
        } = range;
        while length > 0 {
            let step = length.min(self.room(socket).await? as u64);
            let into = &mut self.buffer[self.filled..self.filled + step as usize];
            file.read_exact_at(into, position)?;
            self.filled += step as usize;
            position += step;
            length -= step;
        }
        Ok(())
    }

    /// Room in the buffer, made by writing it out when there is none.
    async fn room(&mut self, socket: &mut (impl AsyncWrite + Unpin)) -> io::Result<usize> {
        if self.filled == self.buffer.len() {
            self.flush(socket).await?;
        }
        Ok(self.buffer.len() - self.filled)
    }

    async fn flush(&mut self, socket: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let filled = std::mem::take(&mut self.filled);
        socket.write_all(&self.buffer[..filled]).await
    }
}
