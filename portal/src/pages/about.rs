//! `/about`: what this is and where its parts are.

use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};

use crate::erase::Erase;

/// The parts and their addresses, as the portal was configured.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Platform {
    pub(crate) version: String,
    /// URLs of the services, ending in `/`.
    pub(crate) portal: String,
    pub(crate) producer: String,
    pub(crate) consumer: String,
    pub(crate) seer: String,
    /// Address of the Kafka broker.
    pub(crate) streamer: String,
    /// The parts that run in the portal's own process.
    pub(crate) embedded: Vec<String>,
}

#[component]
pub(crate) fn About() -> impl IntoView {
    let platform = expect_context::<StoredValue<Platform>>().get_value();
    let docs = |address: &str| Some(format!("{address}docs"));
    let parts = [
        Part {
            name: "portal",
            purpose: "These pages.",
            docs: Some("/docs".to_owned()),
            address: platform.portal.clone(),
        },
        Part {
            name: "producer",
            purpose: "Takes messages over HTTP, writes them to Kafka and gives a receipt for each.",
            docs: docs(&platform.producer),
            address: platform.producer.clone(),
        },
        Part {
            name: "streamer",
            purpose: "Kafka: keeps the messages. Any Kafka client can connect.",
            docs: None,
            address: platform.streamer.clone(),
        },
        Part {
            name: "consumer",
            purpose: "Processes messages and keeps the status of each.",
            docs: docs(&platform.consumer),
            address: platform.consumer.clone(),
        },
        Part {
            name: "seer",
            purpose: "Learns from every message and answers questions with the messages as proof.",
            docs: docs(&platform.seer),
            address: platform.seer.clone(),
        },
    ];
    let parts = parts.map(|part| {
        let embedded =
            part.name == "portal" || platform.embedded.iter().any(|name| name == part.name);
        part_view(part, embedded)
    });
    view! {
        <Title text="About"/>
        <h1>"About Kafkloud"</h1>
        <p class="lead">
            "Kafkloud is the round trip of a message: send it, know that it arrived, see what happened to it. \
            Each message has one id, from the receipt to the record in Kafka, the status of its processing and the citation in an answer."
        </p>
        <p>"Version "<code>{platform.version.clone()}</code></p>
        <h2>"Parts"</h2>
        <ul class="parts">{parts}</ul>
        <h2>"The ladder"</h2>
        <dl class="facts">
            <dt data-stage="accepted">"accepted"</dt><dd>"The producer has taken the message."</dd>
            <dt data-stage="streamed">"streamed"</dt><dd>"It is a record in the log: from here on it cannot be lost."</dd>
            <dt data-stage="consumed">"consumed"</dt><dd>"The consumer has processed it, and its status is durable."</dd>
            <dt data-stage="indexed">"indexed"</dt><dd>"The seer has learned it: it can be asked about."</dd>
        </dl>
    }
    .erase_whole()
}

struct Part {
    name: &'static str,
    purpose: &'static str,
    address: String,
    /// Where its HTTP interface is described, if it has one.
    docs: Option<String>,
}

/// `embedded`: it runs in the portal's own process.
fn part_view(part: Part, embedded: bool) -> impl IntoView {
    let runs = if embedded {
        "runs in this process"
    } else {
        "runs by itself"
    };
    view! {
        <li data-part=part.name>
            <h3>{part.name}</h3>
            <p>{part.purpose}</p>
            <p><code>{part.address}</code></p>
            <p>
                {runs}
                {part.docs.map(|docs| view! { " · "<a href=docs rel="external noopener">"API of the "{part.name}</a> })}
            </p>
        </li>
    }
}
