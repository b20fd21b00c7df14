//! Who is refused while still sending is let finish, within bounds: a connection that is closed on data that nobody has read breaks, and with
//! it goes the answer that says why (RFC 9112, section 9.6).

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::header,
    middleware::Next,
    response::Response,
};
use hyper::body::{Frame, SizeHint};
use tokio::time::timeout;

/// So much is read for nothing, and for so long. Who sends more finds the connection broken.
const BYTES_MAX: usize = 16 * 1024 * 1024;
const TIME_MAX: Duration = Duration::from_secs(5);

/// Answers when the request was sent to its end, should it be refused. Bodies of at most `taken` bytes are read by whom they are for.
pub(crate) async fn linger(taken: usize, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // Who waits for a word before sending is not asked to send for nothing.
    let waits = headers.contains_key(header::EXPECT);
    if waits || request.body().is_end_stream() || length.is_some_and(|length| length <= taken) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let sent = Lent(Arc::new(Mutex::new(body)));
    let request = Request::from_parts(parts, Body::new(Lent(Arc::clone(&sent.0))));
    let response = next.run(request).await;
    // An answer that still reads what it answers to has it to itself.
    if response.status().is_client_error() && Arc::strong_count(&sent.0) == 1 {
        // Sent to the end or not, there is an answer to be given.
        let _ = timeout(TIME_MAX, sent.discard()).await;
    }
    response
}

/// A request's body, for the time that somebody else reads it.
struct Lent(Arc<Mutex<Body>>);

impl Lent {
    fn body(&self) -> MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn discard(mut self) {
        let mut discarded = 0;
        while discarded < BYTES_MAX
            && let Some(Ok(frame)) =
                poll_fn(|context| Pin::new(&mut self).poll_frame(context)).await
        {
            discarded += frame.data_ref().map_or(0, Bytes::len);
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.body()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}
