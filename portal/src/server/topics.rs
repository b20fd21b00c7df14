//! `/topics`, and the same as data under `/api/topics`. Forms make and delete topics; the browser needs no script for it.

use std::collections::BTreeMap;

use axum::{
    extract::{FromRequest, Request},
    response::{IntoResponse, Redirect, Response},
};
use contract::{
    Problem,
    cluster::{NewTopic, TopicDescription, TopicView},
};
use serde::Deserialize;
use service::{
    ApiProblem, ApiResult,
    extract::{Form, Json, Path, Query},
};

use super::{Portal, shown, upstream::Peer};
use crate::{
    address::escape,
    topics::{TopicDraft, TopicFilter, TopicList},
};

const MS_PER_HOUR: f64 = 3_600_000.0;

/// The topics, by name.
#[utoipa::path(get, path = "/api/topics", tag = "cluster", params(TopicFilter), responses(
    (status = 200, description = "The topics that match, as the consumer tells them", body = Object),
    (status = "default", description = "Nobody can tell now", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    portal: Portal,
    Query(filter): Query<TopicFilter>,
) -> ApiResult<Json<TopicList>> {
    find(&portal, filter).await.map(Json)
}

/// One topic with its partitions and settings.
#[utoipa::path(get, path = "/api/topics/{name}", tag = "cluster", params(("name" = String, Path)), responses(
    (status = 200, body = TopicDescription),
    (status = "default", description = "It is not there, or nobody can tell now", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn one(
    portal: Portal,
    Path(name): Path<String>,
) -> ApiResult<Json<TopicDescription>> {
    describe(&portal, &name).await.map(Json)
}

pub(crate) async fn list_page(portal: &Portal, request: Request) -> Response {
    let found = match axum::extract::Query::<TopicFilter>::try_from_uri(request.uri()) {
        Ok(axum::extract::Query(filter)) => find(portal, filter).await,
        Err(rejection) => Err(rejection.into()),
    };
    shown::respond(portal, request, found).await
}

pub(crate) async fn page(portal: &Portal, request: Request) -> Response {
    let (request, found) = match shown::named(request).await {
        (request, Ok(name)) => (request, describe(portal, &name).await),
        (request, Err(problem)) => (request, Err(problem)),
    };
    shown::respond(portal, request, found).await
}

/// `POST /topics`: makes a topic and leads to its page.
pub(crate) async fn create(portal: Portal, request: Request) -> Response {
    let (draft, problem) = match Form::<TopicDraft>::from_request(request, &portal).await {
        Ok(Form(draft)) => match make(&portal, &draft).await {
            Ok(()) => {
                let page = format!("/topics/{}?done=created", escape(&draft.name));
                return Redirect::to(&page).into_response();
            }
            Err(problem) => (draft, problem),
        },
        Err(problem) => (TopicDraft::default(), problem),
    };
    let found = find(&portal, TopicFilter::default()).await;
    shown::refuse(&portal, "/topics", found, draft, problem).await
}

#[derive(Clone, Deserialize)]
pub(crate) struct Deletion {
    /// The topic's name, typed by somebody who means it
    #[serde(default)]
    confirm: String,
}

/// `POST /topics/{name}`: deletes the topic, if its name was typed.
pub(crate) async fn delete(
    portal: Portal,
    Path(name): Path<String>,
    Form(Deletion { confirm }): Form<Deletion>,
) -> Response {
    let deleted = if confirm == name {
        let url = portal.upstream.url(Peer::Consumer, &["topics", &name]);
        let request = portal.upstream.delete(url);
        portal.upstream.tell_consumer(request).await
    } else {
        Err(shown::unconfirmed(&name))
    };
    match deleted {
        Ok(()) => Redirect::to("/topics?done=deleted").into_response(),
        Err(problem) => {
            let found = describe(&portal, &name).await;
            let address = format!("/topics/{}", escape(&name));
            shown::refuse(&portal, &address, found, confirm, problem).await
        }
    }
}

async fn find(portal: &Portal, filter: TopicFilter) -> ApiResult<TopicList> {
    let url = portal.upstream.url(Peer::Consumer, &["topics"]);
    let mut topics: Vec<TopicView> = portal
        .upstream
        .ask_consumer(portal.upstream.get(url))
        .await?;
    let total = topics.len();
    let wanted = filter.q.trim().to_lowercase();
    topics.retain(|topic| {
        (filter.with_internal() || !topic.internal) && topic.name.to_lowercase().contains(&wanted)
    });
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(TopicList {
        filter,
        topics,
        total,
    })
}

async fn describe(portal: &Portal, name: &str) -> ApiResult<TopicDescription> {
    let url = portal.upstream.url(Peer::Consumer, &["topics", name]);
    portal.upstream.ask_consumer(portal.upstream.get(url)).await
}

async fn make(portal: &Portal, draft: &TopicDraft) -> ApiResult<()> {
    let url = portal.upstream.url(Peer::Consumer, &["topics"]);
    let request = portal.upstream.post(url).json(&read(draft)?);
    portal.upstream.tell_consumer(request).await
}

/// The draft as the consumer takes it. What it says itself about names and settings is left to it.
fn read(draft: &TopicDraft) -> ApiResult<NewTopic> {
    let mut new = NewTopic {
        name: draft.name.trim().to_owned(),
        ..NewTopic::default()
    };
    let partitions = draft.partitions.trim();
    if !partitions.is_empty() {
        let count = partitions.parse().ok().filter(|count| *count > 0);
        new.partitions = Some(count.ok_or_else(|| {
            invalid(
                "The number of partitions is not valid",
                "Give a whole number, such as 3.",
            )
        })?);
    }
    let hours = draft.retention_hours.trim();
    if !hours.is_empty() {
        let hours = hours.parse::<f64>().ok();
        let hours = hours.filter(|hours| hours.is_finite() && *hours > 0.0);
        let hours = hours.ok_or_else(|| {
            invalid(
                "The time to keep messages is not valid",
                "Give hours, such as 24 or 0.5.",
            )
        })?;
        let millis = (hours * MS_PER_HOUR).round() as i64;
        new.configs
            .insert("retention.ms".to_owned(), millis.to_string());
    }
    new.configs.extend(read_settings(&draft.settings)?);
    Ok(new)
}

fn read_settings(text: &str) -> ApiResult<BTreeMap<String, String>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once('=').ok_or_else(|| {
                invalid(
                    "A setting is not valid",
                    "Write a setting in each line, such as cleanup.policy=compact.",
                )
            })?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}

fn invalid(title: &str, detail: &str) -> ApiProblem {
    ApiProblem::bad_request("invalid-topic-form", title, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_says_what_it_says_and_no_more() {
        let draft = TopicDraft {
            name: " orders ".to_owned(),
            partitions: "3".to_owned(),
            retention_hours: "0.5".to_owned(),
            settings: "cleanup.policy=compact\r\n\r\n max.message.bytes = 2048 ".to_owned(),
        };
        let new = read(&draft).unwrap();
        assert_eq!((new.name.as_str(), new.partitions), ("orders", Some(3)));
        let configs = new.configs.iter();
        let configs: Vec<_> = configs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let expected = [
            ("cleanup.policy", "compact"),
            ("max.message.bytes", "2048"),
            ("retention.ms", "1800000"),
        ];
        assert_eq!(configs, expected);
    }

    #[test]
    fn what_is_empty_is_left_to_the_broker_and_what_is_odd_is_refused() {
        let draft = |partitions: &str, hours: &str, settings: &str| TopicDraft {
            name: "orders".to_owned(),
            partitions: partitions.to_owned(),
            retention_hours: hours.to_owned(),
            settings: settings.to_owned(),
        };
        let new = read(&draft("", "", "")).unwrap();
        assert_eq!((new.partitions, new.configs.len()), (None, 0));
        for (partitions, hours, settings) in [
            ("0", "", ""),
            ("x", "", ""),
            ("", "-1", ""),
            ("", "inf", ""),
            ("", "", "compact"),
        ] {
            assert!(
                read(&draft(partitions, hours, settings)).is_err(),
                "{partitions} {hours} {settings}"
            );
        }
    }
}
