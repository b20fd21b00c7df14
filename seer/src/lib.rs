//! Kafka → index → answers: learns from every message and answers questions with the messages as proof.
//!
//! Delivery: records arrive at least once and are found once, because a point's id is made of the message's id and the
//! chunk's number ([`intake`], [`index`]). What is asked over Kafka is answered at least once, under one id ([`questions`]).

mod announce;
pub mod answer;
mod answer_log;
mod app;
mod backlog;
pub mod bm25;
mod config;
pub mod embed;
pub mod files;
pub mod index;
mod intake;
mod priority;
mod questions;
mod routes;
pub mod store;
pub mod teach;
pub mod text;

use std::{sync::Arc, time::Duration};

use bus::{Admin, Publisher};
use service::{CancellationToken, Limits, health::Health};
use tokio::{net::TcpListener, task::JoinSet};

pub use config::{AnswersConfig, EmbeddingsConfig, IntakeConfig, SeerConfig, StoreConfig};

use crate::{
    answer::Answerer,
    answer_log::AnswerLog,
    app::{App, IndexKnowledge},
    embed::Embeddings,
    index::Index,
    intake::Intake,
    questions::Questions,
    teach::Teacher,
};

/// How long messages on their way to Kafka are waited for at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(300);
/// Beyond what the chat API may take for an answer.
const RESPONSE_MARGIN: Duration = Duration::from_secs(15);

/// Serves until `stop`, finishes what is in work and commits. A part that fails ends all with its error.
pub async fn serve(
    listener: TcpListener,
    config: SeerConfig,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let (access, tls) = (config.access.load()?, config.tls.load()?);
    let http = config
        .trust
        .with_token(reqwest::Client::builder(), access.own_token())?
        .build()?;
    let health = Health::default();
    let stop = stop.child_token();
    let publisher = Publisher::new(&config.kafka, "kafkloud-seer", config.publisher.clone())?;
    let broker = config.kafka.broker.clone();
    let kafka = health.check("kafka");
    tokio::spawn(kafka.follow(publisher.broker_state(), move |state| {
        state.missing(&broker)
    }));
    let embeddings = Embeddings::start(&config.embeddings, config.answers.api_key()?)?;
    let model = health.check("model");
    tokio::spawn(model.follow(embeddings.state(), |state| state.missing()));
    let index = Index::open(store::open(&config.store)?, embeddings.clone())?;
    let usable = health.check("index");
    tokio::spawn(usable.follow(index.phase(), |phase| phase.missing()));
    let knowledge = IndexKnowledge {
        index: index.clone(),
        embeddings,
    };
    let answerer = Answerer::new(&config.answers, http, Arc::new(knowledge))?;
    let intake = Intake::start(
        &config.kafka,
        &config.intake,
        index.clone(),
        publisher.clone(),
        health.check("intake"),
    )?;
    let answers = AnswerLog::new(publisher.clone());
    let questions = Questions::start(
        &config.kafka,
        &config.intake.group,
        Arc::clone(&answerer),
        answers.clone(),
        stop.clone(),
    )?;
    let teacher = Teacher::new(
        publisher.clone(),
        config.teach,
        &config.answers.consumer_url,
        stop.clone(),
    );
    let admin = Admin::new(&config.kafka, "kafkloud-seer")?;
    let app = Arc::new(App {
        index: index.clone(),
        answerer: Arc::clone(&answerer),
        admin: admin.clone(),
        kafka: config.kafka,
        intake: config.intake,
    });
    let limits = Limits {
        response: config.answers.answer_timeout + RESPONSE_MARGIN,
        ..Limits::default()
    };
    let ask = routes::ask::routes(answerer, answers, stop.clone());
    let api = routes::all(app, teacher).merge(ask);
    let router = service::router("seer", api, health, limits, access);
    let mut parts = JoinSet::new();
    parts.spawn(intake.run(admin, stop.clone()));
    parts.spawn(questions.run());
    parts.spawn(service::serve_api(listener, router, tls, stop.clone()));
    let result = service::join_parts(parts, &stop).await;
    index.close().await;
    publisher.close(FLUSH_TIMEOUT).await;
    result
}
