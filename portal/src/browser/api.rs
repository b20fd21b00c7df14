//! Asks the portal's own `/api`.

use contract::{MessageId, Problem, Receipt, status::MessageLife};
use gloo_net::http::{Request, RequestBuilder};
use serde::de::DeserializeOwned;

use crate::{
    burst::{Burst, Order},
    pages::round_trip::Draft,
};

/// Sends a message and gives its receipt once it is in the log.
pub(crate) async fn produce(draft: &Draft) -> Result<Receipt, Problem> {
    let body = serde_json::to_string(draft).map_err(|_| away())?;
    let request = Request::post("/api/outbox").header("content-type", "application/json");
    parse(&send(request, body).await?)
}

/// Begins to send many messages.
pub(crate) async fn begin_burst(order: &Order) -> Result<Burst, Problem> {
    let body = serde_json::to_string(order).map_err(|_| away())?;
    let request = Request::post("/api/bursts").header("content-type", "application/json");
    parse(&send(request, body).await?)
}

pub(crate) async fn end_burst(id: &str) -> Result<(), Problem> {
    let request = Request::delete(&format!("/api/bursts/{id}"));
    send(request, String::new()).await.map(drop)
}

pub(crate) async fn life(id: MessageId) -> Result<MessageLife, Problem> {
    parse(&get(format!("/api/status/{id}")).await?)
}

/// What the page at `address` shows, see [`crate::shown`].
pub(crate) async fn view<T: DeserializeOwned>(address: &str) -> Result<T, Problem> {
    parse(&get(format!("/api{address}")).await?)
}

/// Teaches the seer, and gives the statement's receipt once it is in the log.
pub(crate) async fn teach(statement: String) -> Result<Receipt, Problem> {
    parse(&send(Request::post("/api/seer/accept"), statement).await?)
}

pub(crate) async fn reindex() -> Result<(), Problem> {
    let request = Request::post("/api/seer/reindex");
    send(request, String::new()).await.map(drop)
}

async fn get(url: String) -> Result<String, Problem> {
    answer(Request::get(&url).build()).await
}

async fn send(request: RequestBuilder, body: String) -> Result<String, Problem> {
    answer(request.body(body)).await
}

/// The text of an answer, or the problem that it is. Apart from what is read out of it, so that there is only one of it.
async fn answer(request: Result<Request, gloo_net::Error>) -> Result<String, Problem> {
    let request = request.map_err(|_| away())?;
    let response = request.send().await.map_err(|_| away())?;
    let text = response.text().await.map_err(|_| away())?;
    if response.ok() {
        return Ok(text);
    }
    Err(parse(&text).unwrap_or_else(|away| away))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|_| away())
}

pub(crate) fn away() -> Problem {
    Problem::new(
        503,
        "portal-away",
        "The portal does not answer",
        "Is it still running? Start it again with `make up`, then try once more; what you typed stays here.",
    )
}
