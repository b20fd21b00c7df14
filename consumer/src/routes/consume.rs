use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, sse::Event},
};
use bus::{Tail, TailOptions, TailStart, TopicSelection};
use contract::{Position, Problem, record::RecordView};
use futures::stream;
use serde::Deserialize;
use service::{ApiProblem, ApiResult, extract::Query};
use utoipa::IntoParams;

use super::parse_topics;
use crate::{
    app::{App, kafka_away},
    hub::Positions,
    resume, sse,
    viewer::{History, Seen, Source, Viewer},
};

/// How long a reader of old records waits for another to end.
const ROOM_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct ConsumeQuery {
    /// Topics, separated by commas [default: all of users, also those made later]
    #[serde(default)]
    topics: String,
    /// `earliest`, `latest`, an offset, or a time: RFC 3339, or milliseconds since 1970 (numbers from 100000000000 on)
    /// [default: latest]
    from: Option<String>,
    /// What the data of an event is
    #[serde(default)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// The record as JSON
    #[default]
    Record,
    /// The bare value; base64 when it is not UTF-8
    Value,
}

/// Records as they come, each an event named `streamer`. Its id names the last record seen of every partition; sent back
/// as `Last-Event-ID`, which browsers do by themselves, the stream goes on there.
#[utoipa::path(get, path = "/consume", tag = "records",
    params(ConsumeQuery, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event seen; goes before `from`")),
    responses(
        (status = 200, description = "Events named `streamer`, and `missed` with a number when the viewer is too slow", content_type = "text/event-stream", body = RecordView),
        (status = 400, description = "A parameter is not valid", body = Problem),
        (status = 503, description = "Kafka is away, or too many streams are open", body = Problem),
    ))]
pub(crate) async fn consume(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(query): Query<ConsumeQuery>,
) -> ApiResult<impl IntoResponse> {
    let topics = parse_topics(&query.topics)?;
    let start = match headers.get("last-event-id") {
        Some(id) => {
            let start = id.to_str().ok().and_then(resume::parse);
            start.ok_or_else(invalid_event_id)?
        }
        None => TailStart::At(match &query.from {
            Some(from) => parse_from(from)?,
            None => Position::Latest,
        }),
    };
    app.require_kafka()?;
    let room = sse::take_room(&app)?;
    let viewer = match start {
        TailStart::At(Position::Latest) => live(&app, topics).await?,
        start => history(&app, topics, start).await?,
    };
    let format = query.format;
    let events = stream::unfold(viewer, move |mut viewer| async move {
        let seen = viewer.next().await?;
        Some((event(&seen, &viewer.positions, format), viewer))
    });
    Ok(sse::respond(&app, room, events))
}

async fn live(app: &App, topics: TopicSelection) -> ApiResult<Viewer> {
    let live = app.hub.join(topics.clone()).await?;
    let live = live.ok_or_else(kafka_away)?;
    Ok(Viewer {
        topics,
        positions: live.positions.clone(),
        source: Source::Live(live),
    })
}

async fn history(app: &App, topics: TopicSelection, start: TailStart) -> ApiResult<Viewer> {
    let room = Arc::clone(&app.history).acquire_owned();
    let room = tokio::time::timeout(ROOM_TIMEOUT, room).await;
    let Ok(Ok(room)) = room else {
        return Err(sse::too_many());
    };
    let options = TailOptions {
        client_id: "kafkloud-consumer-history",
        batch_max: 256,
        ahead_kbytes: 2 * 1024,
        start,
    };
    let tail = Tail::start(&app.kafka, options, topics.clone(), |record| record.view())?;
    let history = History::new(tail, Arc::clone(&app.hub), room);
    Ok(Viewer {
        topics,
        positions: Positions::new(),
        source: Source::History(Box::new(history)),
    })
}

fn event(seen: &Seen, positions: &Positions, format: Format) -> Event {
    let record = match seen {
        Seen::Record(record) => record,
        Seen::Missed(count) => return sse::missed(*count),
    };
    let event = match format {
        Format::Record => sse::json("streamer", &**record),
        Format::Value => Event::default()
            .event("streamer")
            .data(record.value.as_deref().unwrap_or_default()),
    };
    event.id(resume::event_id(record, positions))
}

fn parse_from(text: &str) -> ApiResult<Position> {
    text.parse().map_err(|error: contract::InvalidPosition| {
        ApiProblem::bad_request(
            "invalid-from",
            "The start is not valid",
            format!("`from`: {error}."),
        )
    })
}

fn invalid_event_id() -> ApiProblem {
    ApiProblem::bad_request(
        "invalid-event-id",
        "The Last-Event-ID is not valid",
        "Give the `id` of an event of this stream as it was, or leave the header out.",
    )
}
