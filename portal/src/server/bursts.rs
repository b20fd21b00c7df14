//! `/api/bursts`: many messages at a steady rate, and how long each took until it was done.
//!
//! Every message goes to the producer as one of DoIt does. The times are from handing it over to the moments that its life tells.

mod follow;
mod send;
mod series;
mod tally;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use contract::Problem;
use service::{
    ApiProblem, ApiResult, CancellationToken,
    extract::{Form, Json, Path},
};
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{Portal, outbox};
use crate::burst::{Burst, Order};
use tally::Tally;

const COUNT_MAX: u32 = 5_000;
const RATE_MAX: u32 = 1_000;
/// Bursts at once: more would measure each other.
const RUNNING_MAX: usize = 2;
/// Bursts that a page can still be shown after they have ended.
const REMEMBERED_MAX: usize = 16;
/// How long the last messages may take to be done.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is told how far a burst is.
const TELL_INTERVAL: Duration = Duration::from_millis(200);

/// The bursts of this portal, the last one at the end.
#[derive(Default)]
pub(crate) struct Bursts(Mutex<VecDeque<Entry>>);

struct Entry {
    news: watch::Receiver<Burst>,
    stop: CancellationToken,
}

impl Bursts {
    pub(crate) fn find(&self, id: &str) -> Option<watch::Receiver<Burst>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.iter().find(|entry| entry.news.borrow().id == id);
        entry.map(|entry| entry.news.clone())
    }

    fn add(&self, entry: Entry) -> ApiResult<()> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = entries.iter().filter(|entry| !entry.news.borrow().ended);
        if running.count() >= RUNNING_MAX {
            return Err(ApiProblem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-bursts",
                "Bursts are running already",
                format!(
                    "{RUNNING_MAX} at once are allowed, since more would measure each other. Stop one, or wait until it has ended."
                ),
            ));
        }
        if entries.len() == REMEMBERED_MAX {
            let oldest = entries.iter().position(|entry| entry.news.borrow().ended);
            oldest.map(|oldest| entries.remove(oldest));
        }
        entries.push_back(entry);
        Ok(())
    }

    /// False when there is none of that id.
    fn stop(&self, id: &str) -> bool {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.iter().find(|entry| entry.news.borrow().id == id);
        entry.inspect(|entry| entry.stop.cancel()).is_some()
    }
}

/// Begins to send; the answer does not wait for it.
#[utoipa::path(post, path = "/api/bursts", tag = "portal", responses(
    (status = 202, description = "It has begun", body = Burst),
    (status = 400, description = "The topic, the key or a number is not valid", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "Others are running", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn post(
    portal: Portal,
    Json(order): Json<Order>,
) -> ApiResult<(StatusCode, Json<Burst>)> {
    Ok((StatusCode::ACCEPTED, Json(begin(&portal, order)?)))
}

/// How far a burst is. The stream of `/api/events?burst={id}` tells it as it changes.
#[utoipa::path(get, path = "/api/bursts/{id}", tag = "portal", params(("id" = String, Path)), responses(
    (status = 200, body = Burst),
    (status = 404, description = "It is forgotten, or never was", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(portal: Portal, Path(id): Path<String>) -> ApiResult<Json<Burst>> {
    let news = portal.bursts.find(&id).ok_or_else(unknown)?;
    let burst = news.borrow().clone();
    Ok(Json(burst))
}

/// Ends a burst: what was sent stays sent.
#[utoipa::path(delete, path = "/api/bursts/{id}", tag = "portal", params(("id" = String, Path)), responses(
    (status = 204, description = "It ends"),
    (status = 404, description = "It is forgotten, or never was", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn delete(portal: Portal, Path(id): Path<String>) -> ApiResult<StatusCode> {
    if portal.bursts.stop(&id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown())
    }
}

/// `POST /bursts`: the same without JavaScript.
pub(crate) async fn submit(portal: Portal, Form(mut order): Form<Order>) -> ApiResult<Response> {
    // Browsers send line breaks of forms as CR LF, whatever was typed.
    order.message = order.message.replace("\r\n", "\n");
    let burst = begin(&portal, order)?;
    Ok(Redirect::to(&format!("/?burst={}", burst.id)).into_response())
}

fn unknown() -> ApiProblem {
    ApiProblem::not_found(
        "unknown-burst",
        "There is no such burst",
        "The portal remembers the last ones only, and none from before its start. Send another one.",
    )
}

fn begin(portal: &Portal, order: Order) -> ApiResult<Burst> {
    outbox::validate(&order.topic, &order.key)?;
    for (name, number, max) in [
        ("count", order.count, COUNT_MAX),
        ("rate", order.rate, RATE_MAX),
    ] {
        if !(1..=max).contains(&number) {
            return Err(ApiProblem::bad_request(
                "invalid-burst",
                "The burst is not valid",
                format!("`{name}` is {number}: give at least 1, and {max} at most."),
            ));
        }
    }
    let tally = Tally::new(&order, portal.flow.borrow().seer().is_there());
    let burst = tally.burst();
    let (sender, news) = watch::channel(burst.clone());
    let stop = portal.stop.child_token();
    portal.bursts.add(Entry {
        news,
        stop: stop.clone(),
    })?;
    tokio::spawn(run(portal.clone(), order, Arc::new(tally), sender, stop));
    Ok(burst)
}

async fn run(
    portal: Portal,
    order: Order,
    tally: Arc<Tally>,
    news: watch::Sender<Burst>,
    stop: CancellationToken,
) {
    let (acked, to_follow) = mpsc::channel(COUNT_MAX as usize);
    let work = async {
        let sending = send::all(&portal, order, &tally, acked);
        let mut following = std::pin::pin!(follow::all(&portal, &tally, to_follow));
        tokio::select! {
            () = &mut following => {}
            () = sending => {
                // What is not done by then is told as not done.
                let _ = timeout(PATIENCE, following).await;
            }
        }
    };
    let mut ticks = interval(TELL_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let telling = async {
        loop {
            ticks.tick().await;
            news.send_replace(tally.burst());
        }
    };
    tokio::select! {
        () = work => {}
        () = telling => {}
        () = stop.cancelled() => {}
    }
    news.send_replace(Burst {
        ended: true,
        ..tally.burst()
    });
}
