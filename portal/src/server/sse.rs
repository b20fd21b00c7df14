//! Server-sent events: passing them on, and taking a stream of them apart.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures::{Stream, TryStreamExt};
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::{
    codec::{Decoder, FramedRead},
    io::StreamReader,
};

pub(crate) const LAST_EVENT_ID: &str = "last-event-id";

/// The longest event that is taken from a service: a record of the greatest size, escaped.
const FRAME_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A response that streams `events`, already written as such.
pub(crate) fn respond<S, E>(events: S) -> Response
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: Into<axum::BoxError> + 'static,
{
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Body::from_stream(events)).into_response()
}

/// One event as it goes over the wire. JSON has no line breaks, so one `data` line holds it.
pub(crate) fn event<T: Serialize>(name: &str, data: &T) -> serde_json::Result<Bytes> {
    let data = serde_json::to_string(data)?;
    Ok(format!("event: {name}\ndata: {data}\n\n").into())
}

/// The name of an event that a service sent.
pub(crate) fn name(frame: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(frame).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("event:"))?;
    Some(line.trim_start())
}

/// What an event tells; `None` for what another version of the service tells.
pub(crate) fn data<T: DeserializeOwned>(frame: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(frame).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("data:"))?;
    serde_json::from_str(line).ok()
}

/// Cuts a byte stream into events, each with the empty line that ends it.
pub(crate) fn frames<S, E>(bytes: S) -> impl Stream<Item = std::io::Result<Bytes>>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<axum::BoxError>,
{
    FramedRead::new(
        StreamReader::new(bytes.map_err(std::io::Error::other)),
        Frames,
    )
}

struct Frames;

impl Decoder for Frames {
    type Item = Bytes;
    type Error = std::io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> std::io::Result<Option<Bytes>> {
        let end = buffer.windows(2).position(|pair| pair == b"\n\n");
        match end {
            Some(end) => Ok(Some(buffer.split_to(end + 2).freeze())),
            None if buffer.len() > FRAME_BYTES_MAX => Err(std::io::Error::other("event too long")),
            None => Ok(None),
        }
    }

    /// An event that the end of the stream cut short does not count.
    fn decode_eof(&mut self, buffer: &mut BytesMut) -> std::io::Result<Option<Bytes>> {
        self.decode(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::{StreamExt, stream};

    use super::*;

    #[tokio::test]
    async fn events_are_put_together_from_any_pieces() {
        let pieces = [
            "event: li",
            "fe\ndata: {}\n",
            "\nevent: stats\ndata: 1\n\ndata: cut",
        ];
        let pieces = stream::iter(pieces.map(|piece| Ok::<_, Infallible>(Bytes::from(piece))));
        let frames: Vec<_> = frames(pieces).map(Result::unwrap).collect().await;
        assert_eq!(
            frames,
            ["event: life\ndata: {}\n\n", "event: stats\ndata: 1\n\n"]
        );
        assert_eq!(name(&frames[0]), Some("life"));
        assert_eq!(name(b"data: 1\n\n"), None);
        assert_eq!(data(&frames[1]), Some(1));
        assert_eq!(data::<u32>(&frames[0]), None);
    }
}
