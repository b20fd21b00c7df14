//! Asks the portal's own `/api`.

use contract::{MessageId, Problem, Receipt, status::MessageLife};
use gloo_net::http::{Request, Response};
use serde::de::DeserializeOwned;

use crate::pages::round_trip::Draft;

/// Sends a message and gives its receipt once it is in the log.
pub(crate) async fn produce(draft: &Draft) -> Result<Receipt, Problem> {
    let request = Request::post("/api/outbox")
        .json(draft)
        .map_err(|_| away())?;
    let response = request.send().await.map_err(|_| away())?;
    parse(response).await
}

pub(crate) async fn life(id: MessageId) -> Result<MessageLife, Problem> {
    let request = Request::get(&format!("/api/status/{id}"));
    let response = request.send().await.map_err(|_| away())?;
    parse(response).await
}

async fn parse<T: DeserializeOwned>(response: Response) -> Result<T, Problem> {
    if response.ok() {
        return response.json().await.map_err(|_| away());
    }
    Err(response.json().await.unwrap_or_else(|_| away()))
}

fn away() -> Problem {
    Problem::new(
        503,
        "portal-away",
        "The portal does not answer",
        "Is it still running? Start it again with `make up`, then try once more; what you typed stays here.",
    )
}
