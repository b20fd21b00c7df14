//! A small server that speaks the streaming protocol of OpenAI's chat completions, with each fault it may have.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Writes this, word by word.
    Text(&'static str),
    /// The same, but the connection breaks after so many words.
    Cut(&'static str, usize),
    /// The same, but it ends as if complete, without saying that it is.
    Unfinished(&'static str),
    /// Refuses, with `Retry-After` if there is one.
    Status(u16, Option<&'static str>),
    /// Takes the request and writes nothing.
    Silence,
    /// Writes a first word and then nothing.
    Stall,
    /// No chat completion at all.
    Nonsense,
}

pub(crate) struct OpenAi {
    pub(crate) url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    replies: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<Request>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) authorization: String,
    pub(crate) body: Value,
}

impl OpenAi {
    /// Replies in this order, and with the last for ever.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let shared = Arc::new(Shared::default());
        shared.replies.lock().unwrap().extend(replies);
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, task }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Drop for OpenAi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Request {
    /// Roles and texts of the messages.
    pub(crate) fn messages(&self) -> Vec<(String, String)> {
        let messages = self.body["messages"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        messages
            .map(|message| (text(&message["role"]), text(&message["content"])))
            .collect()
    }
}

async fn complete(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    assert_eq!(body["stream"], true);
    let authorization = headers
        .get(header::AUTHORIZATION)
        .map_or("", |value| value.to_str().unwrap())
        .to_owned();
    shared.requests.lock().unwrap().push(Request {
        authorization,
        body,
    });
    let reply = {
        let mut replies = shared.replies.lock().unwrap();
        match replies.len() {
            0 | 1 => replies.front().cloned().unwrap(),
            _ => replies.pop_front().unwrap(),
        }
    };
    match reply {
        Reply::Text(text) => events(words(text).chain([finish(), done()])),
        Reply::Unfinished(text) => events(words(text)),
        Reply::Cut(text, count) => broken(words(text).take(1 + count)),
        Reply::Stall => endless(words("Well, …").take(2)),
        Reply::Silence => endless(std::iter::empty()),
        Reply::Nonsense => events(["data: <html>\n\n".to_owned()].into_iter()),
        Reply::Status(status, retry_after) => {
            let error =
                json!({"error": {"message": "no", "type": "test", "param": null, "code": null}});
            let mut response = (StatusCode::from_u16(status).unwrap(), Json(error)).into_response();
            if let Some(value) = retry_after {
                let value = value.parse().unwrap();
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            response
        }
    }
}

/// The role, and then a word an event.
fn words(text: &'static str) -> impl Iterator<Item = String> + Send {
    let role = chunk(&json!({"role": "assistant", "content": ""}), Value::Null);
    let words = text
        .split_inclusive(' ')
        .map(|word| chunk(&json!({"content": word}), Value::Null));
    std::iter::once(role).chain(words)
}

fn finish() -> String {
    chunk(&json!({}), json!("stop"))
}

fn done() -> String {
    "data: [DONE]\n\n".to_owned()
}

fn chunk(delta: &Value, finish_reason: Value) -> String {
    let chunk = json!({
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_769_851_800,
        "model": "test",
        // A value that the API's own client library does not know.
        "service_tier": "on_demand",
        "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}],
    });
    format!("data: {chunk}\n\n")
}

fn events(parts: impl Iterator<Item = String> + Send + 'static) -> Response {
    let parts = stream::iter(parts).map(|part| Ok::<_, Infallible>(Bytes::from(part)));
    respond(Body::from_stream(parts))
}

fn broken(parts: impl Iterator<Item = String> + Send + 'static) -> Response {
    let parts = stream::iter(parts).then(|part| async {
        // Each part leaves before the connection breaks.
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(Bytes::from(part))
    });
    let end = stream::iter([Err(std::io::Error::other("cut"))]);
    respond(Body::from_stream(parts.chain(end)))
}

fn endless(parts: impl Iterator<Item = String> + Send + 'static) -> Response {
    let parts = stream::iter(parts).map(|part| Ok::<_, Infallible>(Bytes::from(part)));
    respond(Body::from_stream(parts.chain(stream::pending())))
}

fn respond(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}
