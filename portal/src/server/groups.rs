//! `/groups`, and the same as data under `/api/groups`. What a reset would move is part of a page's data; a form does it.

use axum::{
    extract::{self, Request},
    response::{IntoResponse, Redirect, Response},
};
use contract::{
    Position, Problem,
    cluster::{GroupView, OffsetReset, OffsetResetOutcome},
};
use serde::Deserialize;
use service::{
    ApiProblem, ApiResult,
    extract::{Form, Json, Path, Query},
};

use super::{
    Portal, shown,
    typed::{names, with_zone},
    upstream::Peer,
};
use crate::{
    address::escape,
    groups::{GroupFilter, GroupList, GroupPage, ResetForm},
};

/// The consumer groups, the one that is most behind first.
#[utoipa::path(get, path = "/api/groups", tag = "cluster", params(GroupFilter), responses(
    (status = 200, description = "The groups that match, as the consumer tells them", body = Object),
    (status = "default", description = "Nobody can tell now", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    portal: Portal,
    Query(filter): Query<GroupFilter>,
) -> ApiResult<Json<GroupList>> {
    find(&portal, filter).await.map(Json)
}

/// One consumer group; with `to`, what a reset of its offsets would move.
#[utoipa::path(get, path = "/api/groups/{group}", tag = "cluster", params(("group" = String, Path), ResetForm), responses(
    (status = 200, description = "The group, and the preview of the reset", body = Object),
    (status = "default", description = "It is not there, or nobody can tell now", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    portal: Portal,
    Path(group): Path<String>,
    Query(reset): Query<ResetForm>,
) -> ApiResult<Json<GroupPage>> {
    describe(&portal, &group, reset).await.map(Json)
}

pub(crate) async fn list_page(portal: &Portal, request: Request) -> Response {
    let found = match extract::Query::<GroupFilter>::try_from_uri(request.uri()) {
        Ok(extract::Query(filter)) => find(portal, filter).await,
        Err(rejection) => Err(rejection.into()),
    };
    shown::respond(portal, request, found).await
}

pub(crate) async fn page(portal: &Portal, request: Request) -> Response {
    let asked = extract::Query::<ResetForm>::try_from_uri(request.uri());
    let (request, name) = shown::named(request).await;
    let found = match (name, asked) {
        (Ok(name), Ok(extract::Query(reset))) => describe(portal, &name, reset).await,
        (Err(problem), _) => Err(problem),
        (_, Err(rejection)) => Err(rejection.into()),
    };
    shown::respond(portal, request, found).await
}

/// What the form of `POST /groups/{group}` holds besides the reset.
#[derive(Deserialize)]
pub(crate) struct Confirmed {
    #[serde(flatten)]
    reset: ResetForm,
    /// The group's name, typed by somebody who means it
    #[serde(default)]
    confirm: String,
}

/// `POST /groups/{group}`: moves the group's offsets, if its name was typed.
pub(crate) async fn reset(
    portal: Portal,
    Path(name): Path<String>,
    Form(Confirmed { reset, confirm }): Form<Confirmed>,
) -> Response {
    let page = format!("/groups/{}", escape(&name));
    let moved = if confirm == name {
        ask_reset(&portal, &name, &reset, false).await
    } else {
        Err(shown::unconfirmed(&name))
    };
    match moved {
        Ok(_) => Redirect::to(&format!("{page}?done=reset")).into_response(),
        Err(problem) => {
            let fields = [
                ("to", &reset.to),
                ("time", &reset.time),
                ("offset", &reset.offset),
                ("topics", &reset.topics),
            ];
            let fields = fields.map(|(name, value)| format!("{name}={}", escape(value)));
            let address = format!("{page}?{}", fields.join("&"));
            let found = describe(&portal, &name, reset).await;
            shown::refuse(&portal, &address, found, confirm, problem).await
        }
    }
}

async fn find(portal: &Portal, filter: GroupFilter) -> ApiResult<GroupList> {
    let url = portal.upstream.url(Peer::Consumer, &["groups"]);
    let request = portal.upstream.get(url);
    let mut groups: Vec<GroupView> = portal.upstream.ask_consumer(request).await?;
    let total = groups.len();
    let wanted = filter.q.trim().to_lowercase();
    groups.retain(|group| group.group.to_lowercase().contains(&wanted));
    groups.sort_by(|a, b| b.lag.cmp(&a.lag).then_with(|| a.group.cmp(&b.group)));
    Ok(GroupList {
        filter,
        groups,
        total,
    })
}

async fn describe(portal: &Portal, name: &str, reset: ResetForm) -> ApiResult<GroupPage> {
    let url = portal.upstream.url(Peer::Consumer, &["groups", name]);
    let request = portal.upstream.get(url);
    let mut group: GroupView = portal.upstream.ask_consumer(request).await?;
    let place = |topic: &str, partition| (topic.to_owned(), partition);
    group.partitions.sort_by(|a, b| {
        let by_lag = b.lag.cmp(&a.lag);
        by_lag.then_with(|| place(&a.topic, a.partition).cmp(&place(&b.topic, b.partition)))
    });
    let (preview, problem) = if reset.to.is_empty() {
        (None, None)
    } else {
        match ask_reset(portal, name, &reset, true).await {
            Ok(preview) => (Some(preview), None),
            Err(problem) => (None, Some(problem.problem)),
        }
    };
    Ok(GroupPage {
        group,
        reset,
        preview,
        problem,
    })
}

async fn ask_reset(
    portal: &Portal,
    name: &str,
    reset: &ResetForm,
    dry_run: bool,
) -> ApiResult<OffsetResetOutcome> {
    let reset = OffsetReset {
        to: position(reset)?,
        topics: names(&reset.topics),
        partitions: Vec::new(),
        dry_run,
    };
    let url = portal
        .upstream
        .url(Peer::Consumer, &["groups", name, "offsets"]);
    let request = portal.upstream.post(url).json(&reset);
    let response = portal.upstream.change_at_consumer(request).await?;
    portal.upstream.parse(Peer::Consumer, response).await
}

fn position(reset: &ResetForm) -> ApiResult<Position> {
    let place = match reset.to.as_str() {
        "time" => with_zone(reset.time.trim().to_owned()),
        "offset" => reset.offset.trim().to_owned(),
        word => word.to_owned(),
    };
    let position = place.parse().ok();
    let is_meant = |position: &Position| match reset.to.as_str() {
        "time" => matches!(position, Position::Time(_)),
        "offset" => matches!(position, Position::Offset(_)),
        _ => true,
    };
    position.filter(is_meant).ok_or_else(|| {
        ApiProblem::bad_request(
            "invalid-position",
            "The place to go on from is not valid",
            "Choose the beginning or the end, or give a time such as 2026-01-31T09:30 or an offset such as 42.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_goes_where_the_form_says() {
        let to = |to: &str, time: &str, offset: &str| {
            let form = ResetForm {
                to: to.to_owned(),
                time: time.to_owned(),
                offset: offset.to_owned(),
                topics: String::new(),
            };
            position(&form).ok()
        };
        let time = "2026-01-31T09:30:00Z".parse().unwrap();
        assert_eq!(to("earliest", "", "7"), Some(Position::Earliest));
        assert_eq!(to("latest", "", ""), Some(Position::Latest));
        assert_eq!(
            to("time", "2026-01-31T09:30", "7"),
            Some(Position::Time(time))
        );
        assert_eq!(to("offset", "", " 7 "), Some(Position::Offset(7)));
        for (word, time, offset) in [
            ("time", "", ""),
            ("time", "7", ""),
            ("offset", "", "earliest"),
            ("elsewhere", "", ""),
        ] {
            assert_eq!(to(word, time, offset), None, "{word} {time} {offset}");
        }
    }
}
