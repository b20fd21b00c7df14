//! The ways into a real Kafka that asks who comes, and what is said where there is none.
//!
//! Runs with `make test-external` only: the embedded broker lets everybody in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{Json, Router, routing::post};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bus::{
    Admin, AdminError, BrokerState, KafkaConfig, Message, MessageHeaders, OauthArgs, Publisher,
    PublisherConfig, SaslMechanism, StartFrom, Subscription, SubscriptionOptions, TopicSelection,
};
use contract::{MessageId, Timestamp, TraceParent, cluster::NewTopic, topic};
use e2e::wait;
use service::Secret;
use tokio::{net::TcpListener, time::timeout};

use crate::surroundings::Surroundings;

/// An endpoint that gives everybody a token for `user`, unsigned, which this Kafka takes.
async fn token_endpoint(user: &'static str) -> anyhow::Result<String> {
    let token = move || async move {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs();
        let claims = serde_json::json!({"sub": user, "iat": now, "exp": now + 60});
        let encode = |part: String| BASE64_URL_SAFE_NO_PAD.encode(part);
        let header = encode(serde_json::json!({"alg": "none"}).to_string());
        let token = format!("{header}.{}.", encode(claims.to_string()));
        Json(serde_json::json!({"access_token": token, "expires_in": 60}))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/token", listener.local_addr()?);
    let router = Router::new().route("/token", post(token));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

fn by_token(kafka: &KafkaConfig, endpoint: &str) -> anyhow::Result<KafkaConfig> {
    let mut kafka = kafka.clone();
    kafka.security.mechanism = Some(SaslMechanism::Oauthbearer);
    kafka.security.oauth = OauthArgs {
        token_endpoint: Some(endpoint.parse()?),
        client_id: Some("tests".to_owned()),
        client_secret: Some(Secret::new("secret")),
        ..OauthArgs::default()
    };
    Ok(kafka)
}

/// A message with this value, by which its id is known.
pub(crate) fn message<'a>(topic: &'a str, value: &'a [u8]) -> Message<'a> {
    Message {
        topic,
        key: None,
        value,
        headers: MessageHeaders {
            id: MessageId::of_idempotency_key(topic, value),
            accepted_at: Timestamp::from(SystemTime::now()),
            trace: TraceParent {
                trace_id: 7,
                span_id: 1,
                sampled: false,
            },
            content_type: None,
            others: &[],
        },
    }
}

/// Asks, writes and reads.
async fn use_it(kafka: &KafkaConfig, topic: &str) -> anyhow::Result<()> {
    let admin = Admin::new(kafka, "test")?;
    let new = NewTopic {
        name: topic.to_owned(),
        ..NewTopic::default()
    };
    wait::until("an answer of Kafka", async || {
        Ok(Some(admin.create_topic(&new).await?))
    })
    .await?;
    let publisher = Publisher::new(kafka, "test", PublisherConfig::default())?;
    publisher.publish(&message(topic, b"hello")).await?;
    let options = SubscriptionOptions {
        client_id: "test",
        group: format!("readers-of-{topic}"),
        topics: TopicSelection::Named(vec![topic.to_owned()]),
        batch_max: 10,
    };
    let mut subscription = Subscription::start(kafka, options, StartFrom::Committed, |record| {
        record.view().value
    })?;
    let batch = timeout(wait::DEADLINE, subscription.recv()).await??;
    assert_eq!(batch.records, ["hello"]);
    subscription.close(Duration::from_secs(5)).await;
    Ok(())
}

/// What is said of a Kafka that cannot be used.
async fn complaint(kafka: &KafkaConfig) -> anyhow::Result<String> {
    let admin = Admin::new(kafka, "test")?;
    let mut state = admin.broker_state();
    let told = |state: &BrokerState| {
        matches!(
            state,
            BrokerState::Away {
                trouble: Some(_),
                ..
            }
        )
    };
    let state = *timeout(wait::DEADLINE, state.wait_for(told)).await??;
    let answer = admin.topics().await;
    assert!(matches!(answer, Err(AdminError::Barred(_))), "{answer:?}");
    Ok(state.missing(&kafka.broker).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_in_leads_in() -> anyhow::Result<()> {
    let Some(around) = Surroundings::start().await? else {
        return Ok(());
    };
    let mut kafka = around.kafka();
    let mechanisms = [
        SaslMechanism::ScramSha512,
        SaslMechanism::ScramSha256,
        SaslMechanism::Plain,
    ];
    for (number, mechanism) in mechanisms.into_iter().enumerate() {
        kafka.security.mechanism = Some(mechanism);
        use_it(&kafka, &format!("by-password-{number}")).await?;
    }
    let endpoint = token_endpoint("kafkloud").await?;
    use_it(&by_token(&kafka, &endpoint)?, "by-token").await?;

    // Our own topics, made as they befit one broker.
    let admin = Admin::new(&kafka, "test")?;
    admin.ensure_internal_topics().await;
    for (name, retention_ms) in [
        (topic::LIFECYCLE, 604_800_000),
        (topic::DEAD_LETTER, 2_592_000_000),
    ] {
        let made = wait::until("a topic that was just made", async || {
            Ok(Some(admin.describe_topic(name).await?.topic))
        })
        .await?;
        assert_eq!(made.partitions.len(), 6, "{name}");
        let retention = made.retention.and_then(|retention| retention.age_ms);
        assert_eq!(retention, Some(retention_ms), "{name}");
    }
    // Somebody without any right goes on where they are there, and is refused where there is something to make.
    let endpoint = token_endpoint("stranger").await?;
    let stranger = Admin::new(&by_token(&kafka, &endpoint)?, "test")?;
    timeout(wait::DEADLINE, stranger.ensure_internal_topics()).await?;
    let new = NewTopic {
        name: "by-a-stranger".to_owned(),
        ..NewTopic::default()
    };
    let refused = stranger.create_topic(&new).await;
    assert!(
        matches!(refused, Err(AdminError::Refused(_))),
        "{refused:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_told_by_the_setting_to_look_at() -> anyhow::Result<()> {
    let Some(around) = Surroundings::start().await? else {
        return Ok(());
    };
    let kafka = around.kafka();
    let mut wrong = kafka.clone();
    wrong.security.password = Some(Secret::new("s3cret-of-another"));
    let told = complaint(&wrong).await?;
    assert!(told.contains("KAFKA_SASL_PASSWORD"), "{told}");
    assert!(!told.contains("s3cret"), "{told}");

    let mut wrong = kafka.clone();
    wrong.security.tls.ca_file = None;
    let told = complaint(&wrong).await?;
    assert!(told.contains("KAFKA_SSL_CA_FILE"), "{told}");

    let nobody = format!("http://{}/token", free_ports::address());
    let told = complaint(&by_token(&kafka, &nobody)?).await?;
    assert!(told.contains("TOKEN_ENDPOINT_URL"), "{told}");
    Ok(())
}
