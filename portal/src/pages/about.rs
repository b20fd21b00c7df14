//! `/about`: what this is and where its parts are.

use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};

/// The parts and their addresses, as the portal was configured.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Platform {
    pub(crate) version: String,
    /// URLs of the services, ending in `/`.
    pub(crate) portal: String,
    pub(crate) producer: String,
    pub(crate) consumer: String,
    /// Address of the Kafka broker.
    pub(crate) streamer: String,
    /// The parts that run in the portal's own process.
    pub(crate) embedded: Vec<String>,
}

#[component]
pub(crate) fn About() -> impl IntoView {
    let platform = expect_context::<StoredValue<Platform>>().get_value();
    let services = [
        ("portal", platform.portal.clone(), "These pages."),
        (
            "producer",
            platform.producer.clone(),
            "Takes messages over HTTP, writes them to Kafka and gives a receipt for each.",
        ),
        (
            "consumer",
            platform.consumer.clone(),
            "Processes messages and keeps the status of each.",
        ),
    ];
    let where_it_runs = |name: &str| {
        let embedded = name == "portal" || platform.embedded.iter().any(|part| part == name);
        if embedded {
            "in this process"
        } else {
            "its own process"
        }
    };
    let rows = services.map(|(name, address, purpose)| {
        let docs = format!("{address}docs");
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td>{purpose}</td>
                <td><code>{address}</code></td>
                <td>{where_it_runs(name)}</td>
                <td><a href=docs rel="external noopener">"API of the "{name}</a></td>
            </tr>
        }
    });
    let streamer_runs = where_it_runs("streamer");
    view! {
        <Title text="About"/>
        <h1>"About Kafkloud"</h1>
        <p class="lead">
            "Kafkloud is the round trip of a message: send it, know that it arrived, see what happened to it. \
            Each message has one id, from the receipt to the record in Kafka and the status of its processing."
        </p>
        <p>"Version "<code>{platform.version.clone()}</code></p>
        <h2>"Parts"</h2>
        <div class="scroll" tabindex="0" role="region" aria-label="Parts">
        <table>
            <thead><tr><th scope="col">"Part"</th><th scope="col">"Does"</th><th scope="col">"Address"</th><th scope="col">"Runs in"</th><th scope="col">"Read more"</th></tr></thead>
            <tbody>
                {rows}
                <tr>
                    <th scope="row">"streamer"</th>
                    <td>"Kafka: keeps the messages. Any Kafka client can connect."</td>
                    <td><code>{platform.streamer.clone()}</code></td>
                    <td>{streamer_runs}</td>
                    <td>"Kafka protocol"</td>
                </tr>
            </tbody>
        </table>
        </div>
        <h2>"The ladder"</h2>
        <dl class="facts stages">
            <dt data-stage="accepted">"accepted"</dt><dd>"The producer has taken the message."</dd>
            <dt data-stage="streamed">"streamed"</dt><dd>"It is a record in the log: from here on it cannot be lost."</dd>
            <dt data-stage="consumed">"consumed"</dt><dd>"The consumer has processed it, and its status is durable."</dd>
        </dl>
    }
}
