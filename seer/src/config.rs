use std::{path::PathBuf, time::Duration};

use bus::{KafkaConfig, PublisherConfig, TopicSelection};
use contract::{port, topic};
use service::{AccessArgs, ListenArgs, Secret, TlsArgs, TrustArgs};

use crate::teach::TeachConfig;

/// Kafka → index → answers: learns from every message and answers questions with the messages as proof.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "seer", version)]
pub struct SeerConfig {
    #[command(flatten)]
    pub listen: ListenArgs<{ port::SEER }>,
    #[command(flatten)]
    pub access: AccessArgs,
    #[command(flatten)]
    pub tls: TlsArgs,
    #[command(flatten)]
    pub trust: TrustArgs,
    #[command(flatten)]
    pub kafka: KafkaConfig,
    #[command(flatten)]
    pub publisher: PublisherConfig,
    #[command(flatten)]
    pub intake: IntakeConfig,
    #[command(flatten)]
    pub embeddings: EmbeddingsConfig,
    #[command(flatten)]
    pub store: StoreConfig,
    #[command(flatten)]
    pub answers: AnswersConfig,
    #[command(flatten)]
    pub teach: TeachConfig,
}

/// What is read from Kafka.
#[derive(Clone, Debug, clap::Args)]
pub struct IntakeConfig {
    /// Topics to learn from, separated by commas [default: all of users, also those made later, but questions and answers]
    #[arg(
        long,
        env = "SEER_TOPICS",
        value_name = "TOPICS",
        value_delimiter = ','
    )]
    pub topics: Vec<String>,
    /// Consumer group of what is learned; questions are read by the group of this name with `-questions` behind it
    #[arg(long, env = "SEER_GROUP", default_value = "seer")]
    pub group: String,
}

/// How text becomes vectors.
#[derive(Clone, Debug, clap::Args)]
pub struct EmbeddingsConfig {
    /// Folder of the embedding model: config.json, tokenizer.json, model.safetensors [default: where `make up` puts it]
    #[arg(long, env = "SEER_MODEL_DIR", value_name = "DIR")]
    pub model_dir: Option<PathBuf>,
    /// Base URL of an OpenAI-compatible API whose /embeddings is used instead, such as http://localhost:11434/v1
    #[arg(long, env = "EMBEDDINGS_URL", value_name = "URL")]
    pub embeddings_url: Option<url::Url>,
    /// Model asked for at EMBEDDINGS_URL
    #[arg(
        long,
        env = "EMBEDDINGS_MODEL",
        value_name = "NAME",
        default_value = "text-embedding-3-small"
    )]
    pub embeddings_model: String,
    /// API key for EMBEDDINGS_URL [default: OPENAI_API_KEY]
    #[arg(
        long,
        env = "EMBEDDINGS_API_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub embeddings_api_key: Option<Secret>,
    /// File that holds EMBEDDINGS_API_KEY instead
    #[arg(long, env = "EMBEDDINGS_API_KEY_FILE", value_name = "FILE")]
    pub embeddings_api_key_file: Option<PathBuf>,
    /// Threads that the embedded model computes with [default: the number of cores, 4 at most]
    #[arg(long, env = "SEER_THREADS", value_name = "COUNT")]
    pub threads: Option<usize>,
}

/// Where vectors are kept.
#[derive(Clone, Debug, clap::Args)]
pub struct StoreConfig {
    /// Folder of the embedded vector store
    #[arg(
        long,
        env = "DATA_DIR",
        value_name = "DIR",
        default_value = ".kafkloud/seer"
    )]
    pub data_dir: PathBuf,
    /// gRPC address of a Qdrant to be used instead, such as http://localhost:6334
    #[arg(long, env = "QDRANT_URL", value_name = "URL")]
    pub qdrant_url: Option<url::Url>,
    /// API key of that Qdrant
    #[arg(
        long,
        env = "QDRANT_API_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub qdrant_api_key: Option<Secret>,
    /// File that holds QDRANT_API_KEY instead
    #[arg(long, env = "QDRANT_API_KEY_FILE", value_name = "FILE")]
    pub qdrant_api_key_file: Option<PathBuf>,
    /// Alias under which the index is found; collections are named after it
    #[arg(
        long,
        env = "SEER_COLLECTION",
        value_name = "NAME",
        default_value = "kafkloud"
    )]
    pub collection: String,
}

/// Who writes answers.
#[derive(Clone, Debug, clap::Args)]
pub struct AnswersConfig {
    /// Base URL of an OpenAI-compatible chat API [default: OpenAI's own when OPENAI_API_KEY is set, else none: answers are extractive]
    #[arg(long, env = "OPENAI_BASE_URL", value_name = "URL")]
    pub openai_base_url: Option<url::Url>,
    /// API key of the chat API
    #[arg(
        long,
        env = "OPENAI_API_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub openai_api_key: Option<Secret>,
    /// File that holds OPENAI_API_KEY instead
    #[arg(long, env = "OPENAI_API_KEY_FILE", value_name = "FILE")]
    pub openai_api_key_file: Option<PathBuf>,
    /// Chat model
    #[arg(
        long,
        env = "OPENAI_MODEL",
        value_name = "NAME",
        default_value = "gpt-4o-mini"
    )]
    pub openai_model: String,
    /// How long the chat API may take for a whole answer
    #[arg(long, env = "SEER_ANSWER_TIMEOUT", value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    pub answer_timeout: Duration,
    /// Tokens of messages that a question is asked with, at most
    #[arg(
        long,
        env = "SEER_CONTEXT_TOKENS",
        value_name = "COUNT",
        default_value_t = 3000
    )]
    pub context_tokens: usize,
    /// Where the consumer answers; asked about the status of messages
    #[arg(
        long,
        env = "CONSUMER_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8072"
    )]
    pub consumer_url: url::Url,
}

impl EmbeddingsConfig {
    pub(crate) fn api_key(&self) -> anyhow::Result<Option<Secret>> {
        let file = self.embeddings_api_key_file.as_deref();
        Secret::given("EMBEDDINGS_API_KEY", self.embeddings_api_key.as_ref(), file)
    }
}

impl StoreConfig {
    pub(crate) fn api_key(&self) -> anyhow::Result<Option<Secret>> {
        let file = self.qdrant_api_key_file.as_deref();
        Secret::given("QDRANT_API_KEY", self.qdrant_api_key.as_ref(), file)
    }
}

impl AnswersConfig {
    pub(crate) fn api_key(&self) -> anyhow::Result<Option<Secret>> {
        let file = self.openai_api_key_file.as_deref();
        Secret::given("OPENAI_API_KEY", self.openai_api_key.as_ref(), file)
    }
}

impl IntakeConfig {
    pub(crate) fn selection(&self) -> anyhow::Result<TopicSelection> {
        if self.topics.is_empty() {
            return Ok(TopicSelection::UsersAnd(Vec::new()));
        }
        for name in &self.topics {
            topic::validate_user(name)
                .map_err(|error| anyhow::anyhow!("SEER_TOPICS, “{name}”: {error}"))?;
        }
        Ok(TopicSelection::Named(self.topics.clone()))
    }

    /// Whether records of a topic are learned. Questions and answers are not, unless named.
    pub(crate) fn learns(&self, topic: &str) -> bool {
        !self.topics.is_empty() || topic::is_learned(topic)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn keys_are_given_or_in_files() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "from the file\n").unwrap();
        let path = file.path().to_str().unwrap();
        let parse = |more: &[&str]| {
            let arguments = ["seer", "--openai-api-key-file", path];
            SeerConfig::parse_from(arguments.iter().chain(more))
        };
        let config = parse(&["--qdrant-api-key", "given"]);
        let read = config.answers.api_key().unwrap();
        assert_eq!(read, Some(Secret::new("from the file")));
        let given = config.store.api_key().unwrap();
        assert_eq!(given, Some(Secret::new("given")));
        let both = parse(&["--openai-api-key", "given"]).answers.api_key();
        assert!(
            both.unwrap_err()
                .to_string()
                .contains("OPENAI_API_KEY_FILE")
        );
    }
}
