use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{IntoResponse, sse::Event},
};
use bus::TopicSelection;
use contract::{MessageId, Problem, status::MessageLife};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use service::{
    ApiProblem, ApiResult,
    extract::{Path, Query},
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::MissedTickBehavior,
};
use utoipa::IntoParams;

use super::{
    parse_topics,
    status::{StageQuery, parse_id},
};
use crate::{
    app::App,
    lives::{FeedItem, LifeWatch},
    sse,
};

/// Messages that one stream may watch.
const IDS_MAX: usize = 200;
const STATS_INTERVAL: Duration = Duration::from_secs(1);

/// The life of one message, now and at each change, until it has reached the stage.
#[utoipa::path(get, path = "/status/{id}/events", tag = "status",
    params(("id" = String, Path, description = "Message id"), StageQuery),
    responses(
        (status = 200, description = "Events named `life`", content_type = "text/event-stream", body = MessageLife),
        (status = 400, description = "Not an id, or not a stage", body = Problem),
        (status = 503, description = "Too many streams are open", body = Problem),
    ))]
pub(crate) async fn of_message(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<StageQuery>,
) -> ApiResult<impl IntoResponse> {
    let id = parse_id(&id)?;
    let room = sse::take_room(&app)?;
    let lives = watch_all(&app, &[id]).await?;
    // Ends right after the life that has reached the stage, not at the change after it.
    let events = stream::unfold(Some(lives.boxed()), move |lives| async move {
        let mut lives = lives?;
        let life = lives.next().await?;
        let go_on = !life.has_reached(query.stage);
        Some((sse::json("life", &*life), go_on.then_some(lives)))
    });
    Ok(sse::respond(&app, room, events))
}

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct EventsQuery {
    /// Only these messages, separated by commas, 200 at most; their lives so far come first
    #[serde(default)]
    ids: String,
    /// Only messages of these topics, separated by commas
    #[serde(default)]
    topics: String,
}

/// Each message that changes, and once a second the whole stream in numbers.
#[utoipa::path(get, path = "/events", tag = "status", params(EventsQuery), responses(
    (status = 200, description = "Events named `life`, `stats`, and `missed` when the viewer or the service is too slow to tell every change",
        content_type = "text/event-stream", body = MessageLife),
    (status = 400, description = "Not an id, or not a topic", body = Problem),
    (status = 503, description = "Too many streams are open", body = Problem),
))]
pub(crate) async fn of_all(
    State(app): State<Arc<App>>,
    Query(query): Query<EventsQuery>,
) -> ApiResult<impl IntoResponse> {
    let ids = parse_ids(&query.ids)?;
    let topics = parse_topics(&query.topics)?;
    let room = sse::take_room(&app)?;
    let changes = if ids.is_empty() {
        follow(app.lives.follow(), topics).boxed()
    } else {
        let lives = watch_all(&app, &ids).await?;
        let wanted =
            move |life: &Arc<MessageLife>| std::future::ready(topics.contains(&life.topic));
        lives
            .filter(wanted)
            .map(|life| sse::json("life", &*life))
            .boxed()
    };
    let events = stream::select(changes, stats(Arc::clone(&app)));
    Ok(sse::respond(&app, room, events))
}

/// The lives of `ids` so far, as far as they are known, then each change.
async fn watch_all(
    app: &App,
    ids: &[MessageId],
) -> ApiResult<impl Stream<Item = Arc<MessageLife>> + Send + use<>> {
    // Before the look into the store, so that no change falls between.
    let watches: Vec<LifeWatch> = ids.iter().map(|id| app.lives.watch(*id)).collect();
    let current = app.store.lives(ids.to_vec()).await?;
    let current = stream::iter(current.into_iter().map(Arc::new));
    let changes = watches.into_iter().map(|watch| {
        let next = |mut watch: LifeWatch| async move {
            let life = watch.changed().await;
            Some((life, watch))
        };
        Box::pin(stream::unfold(watch, next))
    });
    Ok(current.chain(stream::select_all(changes)))
}

fn follow(
    feed: broadcast::Receiver<FeedItem>,
    topics: TopicSelection,
) -> impl Stream<Item = Event> + Send {
    stream::unfold((feed, topics), |(mut feed, topics)| async move {
        let event = loop {
            match feed.recv().await {
                Ok(FeedItem::Life(life)) if topics.contains(&life.topic) => {
                    break sse::json("life", &*life);
                }
                Ok(FeedItem::Life(_)) => {}
                Ok(FeedItem::Missed(count)) | Err(RecvError::Lagged(count)) => {
                    break sse::missed(count);
                }
                Err(RecvError::Closed) => return None,
            }
        };
        Some((event, (feed, topics)))
    })
}

fn stats(app: Arc<App>) -> impl Stream<Item = Event> + Send {
    let mut ticks = tokio::time::interval(STATS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    stream::unfold((app, ticks), |(app, mut ticks)| async move {
        ticks.tick().await;
        let event = sse::json("stats", &app.summary().await);
        Some((event, (app, ticks)))
    })
}

fn parse_ids(text: &str) -> ApiResult<Vec<MessageId>> {
    let ids = text.split(',').filter(|id| !id.is_empty());
    let ids: Vec<MessageId> = ids.map(parse_id).collect::<ApiResult<_>>()?;
    if ids.len() > IDS_MAX {
        return Err(ApiProblem::bad_request(
            "too-many-ids",
            "Too many ids at once",
            format!("One stream watches {IDS_MAX} messages at most: open another for the rest."),
        ));
    }
    Ok(ids)
}
