//! Two consumers and two seers, each a process of its own, share the work around a real Kafka and a real PostgreSQL.
//!
//! Runs with `make test-external` only: embedded parts cannot be shared.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command},
    time::{Duration, SystemTime},
};

use anyhow::{Context, ensure};
use bus::{Admin, Message, MessageHeaders, Publisher, PublisherConfig};
use contract::{
    MessageId, Readiness, Stage, Timestamp, TraceParent,
    cluster::{GroupView, NewTopic},
    status::{MessageLife, StatusSummary},
};
use e2e::{
    apache_kafka::{PASSWORD, USER},
    wait,
};
use reqwest::Client;
use service::Secret;
use tempfile::TempDir;

use crate::{guard::OPERATOR, surroundings::Surroundings};

const MESSAGES: usize = 600;
const TOPIC: &str = "stream";

/// One process, killed when it is dropped.
struct Process {
    child: Child,
    address: SocketAddr,
}

struct Scene {
    around: Surroundings,
    folder: TempDir,
    client: Client,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have been killed before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// As `kill -9` does.
    fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }
}

impl Scene {
    /// Starts one of our programs as a deployment does: by variables, secrets in files.
    async fn start(&self, program: &str, name: &str) -> anyhow::Result<Process> {
        let (folder, address) = (self.folder.path(), free_ports::address());
        let certificate = &self.around.certificate;
        let file = |name: &str, text: &str| -> anyhow::Result<PathBuf> {
            let file = folder.join(name);
            fs::write(&file, text)?;
            Ok(file)
        };
        let log = File::create(folder.join(format!("{name}.log")))?;
        let child = Command::new(e2e::program(program)?)
            .env("SERVER_PORT", address.port().to_string())
            .env("DATA_DIR", folder.join(name))
            .env("API_TOKEN_FILE", file("token", OPERATOR)?)
            .env("TLS_CERT_FILE", &certificate.files.certificate)
            .env("TLS_KEY_FILE", &certificate.files.key)
            .env("KAFKA_BROKER", self.around.kafka().broker)
            .env("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
            .env("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512")
            .env("KAFKA_SASL_USERNAME", USER)
            .env("KAFKA_SASL_PASSWORD_FILE", file("password", PASSWORD)?)
            .env("KAFKA_SSL_CA_FILE", self.around.ca_file())
            .env(
                "STATUS_DATABASE_URL_FILE",
                file("url", self.around.database_url.reveal())?,
            )
            .envs(
                self.around
                    .collection()
                    .map(|name| ("SEER_COLLECTION", name)),
            )
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let process = Process { child, address };
        self.ready(&process, name).await?;
        Ok(process)
    }

    async fn ready(&self, process: &Process, name: &str) -> anyhow::Result<()> {
        let ready = wait::until(format!("{name} to be ready"), async || {
            let response = self.client.get(process.url("/readyz")).send().await?;
            let readiness: Readiness = response.json().await?;
            ensure!(readiness.ready, "{:?}", readiness.checks);
            Ok(Some(()))
        });
        let log = || fs::read_to_string(self.folder.path().join(format!("{name}.log")));
        ready.await.with_context(|| log().unwrap_or_default())
    }

    async fn summary(&self, consumer: &Process) -> anyhow::Result<StatusSummary> {
        let response = self.client.get(consumer.url("/status")).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }

    async fn life(&self, consumer: &Process, id: MessageId) -> anyhow::Result<MessageLife> {
        let url = consumer.url(&format!("/status/{id}?wait=30&stage=indexed"));
        let response = self.client.get(url).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }

    /// Waits until both members of a group read partitions.
    async fn shared(&self, consumer: &Process, group: &str) -> anyhow::Result<()> {
        wait::until(format!("two members of the group {group}"), async || {
            let url = consumer.url(&format!("/groups/{group}"));
            let response = self.client.get(url).send().await?.error_for_status()?;
            let group: GroupView = response.json().await?;
            let mut members = group.members.iter();
            let all_work = members.all(|member| !member.assigned.is_empty());
            Ok((all_work && group.members.len() == 2).then_some(()))
        })
        .await
    }

    /// Writes messages as the producer does; gives their ids.
    async fn publish(&self, from: usize, until: usize) -> anyhow::Result<Vec<MessageId>> {
        let kafka = self.around.kafka();
        let publisher = Publisher::new(&kafka, "test", PublisherConfig::default())?;
        let mut ids = Vec::new();
        for number in from..until {
            let id = MessageId::of_idempotency_key("replicas", number.to_string().as_bytes());
            let value = format!("Parcel {number} has left the depot of Turku");
            let message = Message {
                topic: TOPIC,
                key: Some(number.to_string().into_bytes().into()),
                value: value.as_bytes(),
                headers: MessageHeaders {
                    id,
                    accepted_at: Timestamp::from(SystemTime::now()),
                    trace: TraceParent {
                        trace_id: id.0.as_u128(),
                        span_id: 1,
                        sampled: false,
                    },
                    content_type: None,
                    others: &[],
                },
            };
            publisher.publish(&message).await?;
            ids.push(id);
        }
        publisher.close(Duration::from_secs(5)).await;
        Ok(ids)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_the_work_and_outlive_a_kill() -> anyhow::Result<()> {
    let Some(around) = Surroundings::start().await? else {
        return Ok(());
    };
    let trust = around.certificate.trust();
    let client = trust.with_token(Client::builder().no_proxy(), Some(&Secret::new(OPERATOR)))?;
    let scene = Scene {
        around,
        folder: tempfile::tempdir()?,
        client: client.build()?,
    };
    let admin = Admin::new(&scene.around.kafka(), "test")?;
    let topic = NewTopic {
        name: TOPIC.to_owned(),
        partitions: Some(6),
        replication: None,
        configs: Default::default(),
    };
    admin.create_topic(&topic).await?;
    let mut doomed = (
        scene.start("consumer", "consumer-1").await?,
        scene.start("seer", "seer-1").await?,
    );
    let consumer = scene.start("consumer", "consumer-2").await?;
    let _seer = scene.start("seer", "seer-2").await?;
    scene.shared(&consumer, "consumer").await?;
    scene.shared(&consumer, "seer").await?;

    let mut ids = scene.publish(0, MESSAGES / 2).await?;
    // Any replica answers for any id, whoever folded it, and hears of it live.
    for id in ids.iter().step_by(29) {
        let lives = [
            scene.life(&doomed.0, *id).await?,
            scene.life(&consumer, *id).await?,
        ];
        assert_eq!(lives[0], lives[1]);
        assert_eq!(lives[0].stage, Stage::Indexed);
    }

    // In the middle of the work.
    let half = scene.publish(MESSAGES / 2, MESSAGES);
    let killed = async {
        let working = wait::until("work to kill them in", async || {
            let summary = scene.summary(&consumer).await?;
            Ok((summary.n_consumed > (MESSAGES / 2 + 20) as u64).then_some(()))
        });
        working.await?;
        doomed.0.kill()?;
        doomed.1.kill()
    };
    let (published, killed) = tokio::join!(half, killed);
    ids.extend(published?);
    killed?;
    for id in &ids {
        let life = scene.life(&consumer, *id).await?;
        assert_eq!((life.id, life.stage), (*id, Stage::Indexed));
    }
    let summary = scene.summary(&consumer).await?;
    let all = MESSAGES as u64;
    assert_eq!(
        (summary.n_consumed, summary.stages[&Stage::Indexed]),
        (all, all)
    );
    // One that comes later knows all of it too.
    let late = scene.start("consumer", "consumer-3").await?;
    assert_eq!(scene.life(&late, ids[0]).await?.stage, Stage::Indexed);
    assert_eq!(scene.summary(&late).await?.stages, summary.stages);
    Ok(())
}
