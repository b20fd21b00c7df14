//! By what Kafka and we prove who we are.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::ValueEnum;
use rdkafka::ClientConfig;
use service::Secret;

use crate::tokens::TokenSource;

/// How to reach a Kafka that does not let everybody in. The same variables for every service.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct KafkaSecurity {
    /// How Kafka is spoken to
    #[arg(
        long = "kafka-security-protocol",
        env = "KAFKA_SECURITY_PROTOCOL",
        value_name = "PROTOCOL",
        default_value = "plaintext",
        ignore_case = true
    )]
    pub protocol: SecurityProtocol,
    /// How the user and the password, or the token, are shown
    #[arg(
        long = "kafka-sasl-mechanism",
        env = "KAFKA_SASL_MECHANISM",
        value_name = "MECHANISM",
        ignore_case = true
    )]
    pub mechanism: Option<SaslMechanism>,
    /// User, or key of an API
    #[arg(
        long = "kafka-sasl-username",
        env = "KAFKA_SASL_USERNAME",
        value_name = "NAME"
    )]
    pub username: Option<String>,
    /// Password of the user, or secret of the API's key
    #[arg(
        long = "kafka-sasl-password",
        env = "KAFKA_SASL_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub password: Option<Secret>,
    /// File that holds KAFKA_SASL_PASSWORD instead
    #[arg(
        long = "kafka-sasl-password-file",
        env = "KAFKA_SASL_PASSWORD_FILE",
        value_name = "FILE"
    )]
    pub password_file: Option<PathBuf>,
    #[command(flatten)]
    pub oauth: OauthArgs,
    #[command(flatten)]
    pub tls: KafkaTls,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum SecurityProtocol {
    /// Everybody on the way can read it, nobody is asked
    #[default]
    Plaintext,
    /// TLS, with or without a certificate of our own
    Ssl,
    /// User and password, or a token, which everybody on the way can read
    #[value(name = "sasl_plaintext")]
    SaslPlaintext,
    /// The same within TLS
    #[value(name = "sasl_ssl")]
    SaslSsl,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum SaslMechanism {
    #[value(name = "PLAIN")]
    Plain,
    #[value(name = "SCRAM-SHA-256")]
    ScramSha256,
    #[value(name = "SCRAM-SHA-512")]
    ScramSha512,
    #[value(name = "OAUTHBEARER")]
    Oauthbearer,
}

/// Where tokens for the mechanism OAUTHBEARER come from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OauthArgs {
    /// Address that gives tokens for OAUTHBEARER (OAuth's client credentials)
    #[arg(
        long = "kafka-sasl-oauthbearer-token-endpoint-url",
        env = "KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL",
        value_name = "URL"
    )]
    pub token_endpoint: Option<url::Url>,
    /// Who we are there
    #[arg(
        long = "kafka-sasl-oauthbearer-client-id",
        env = "KAFKA_SASL_OAUTHBEARER_CLIENT_ID",
        value_name = "ID"
    )]
    pub client_id: Option<String>,
    /// Secret of that client
    #[arg(
        long = "kafka-sasl-oauthbearer-client-secret",
        env = "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub client_secret: Option<Secret>,
    /// File that holds KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET instead
    #[arg(
        long = "kafka-sasl-oauthbearer-client-secret-file",
        env = "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET_FILE",
        value_name = "FILE"
    )]
    pub client_secret_file: Option<PathBuf>,
    /// Scope that is asked for
    #[arg(
        long = "kafka-sasl-oauthbearer-scope",
        env = "KAFKA_SASL_OAUTHBEARER_SCOPE",
        value_name = "SCOPE"
    )]
    pub scope: Option<String>,
}

/// Files of TLS.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct KafkaTls {
    /// Certificates (PEM) of the authorities that Kafka's certificate may be from [default: the system's]
    #[arg(
        long = "kafka-ssl-ca-file",
        env = "KAFKA_SSL_CA_FILE",
        value_name = "FILE"
    )]
    pub ca_file: Option<PathBuf>,
    /// Our own certificate (PEM), for a Kafka that asks for one
    #[arg(
        long = "kafka-ssl-certificate-file",
        env = "KAFKA_SSL_CERTIFICATE_FILE",
        value_name = "FILE"
    )]
    pub certificate_file: Option<PathBuf>,
    /// The key of our certificate (PEM)
    #[arg(
        long = "kafka-ssl-key-file",
        env = "KAFKA_SSL_KEY_FILE",
        value_name = "FILE"
    )]
    pub key_file: Option<PathBuf>,
    /// Password of the key
    #[arg(
        long = "kafka-ssl-key-password",
        env = "KAFKA_SSL_KEY_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub key_password: Option<Secret>,
    /// File that holds KAFKA_SSL_KEY_PASSWORD instead
    #[arg(
        long = "kafka-ssl-key-password-file",
        env = "KAFKA_SSL_KEY_PASSWORD_FILE",
        value_name = "FILE"
    )]
    pub key_password_file: Option<PathBuf>,
}

impl SecurityProtocol {
    fn has_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    fn has_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

impl KafkaSecurity {
    /// What is given and counts for nothing is a mistake, and told by its name.
    fn check(&self) -> anyhow::Result<()> {
        let protocol = name(&self.protocol);
        if !self.protocol.has_sasl() {
            let given = self.mechanism.is_some() || given(self.username.as_deref()).is_some();
            ensure!(
                !given,
                "KAFKA_SASL_… is given, but KAFKA_SECURITY_PROTOCOL is {protocol}: make it sasl_ssl or sasl_plaintext"
            );
        }
        if !self.protocol.has_tls() {
            let tls = &self.tls;
            ensure!(
                tls.ca_file.is_none() && tls.certificate_file.is_none() && tls.key_file.is_none(),
                "KAFKA_SSL_… is given, but KAFKA_SECURITY_PROTOCOL is {protocol}: make it ssl or sasl_ssl"
            );
        }
        Ok(())
    }

    /// Adds to a client's settings what it needs. Files are read again for each client: a new one sees a new password.
    pub(crate) fn apply(&self, client: &mut ClientConfig) -> anyhow::Result<()> {
        self.check()?;
        if self.protocol == SecurityProtocol::Plaintext {
            return Ok(());
        }
        client.set("security.protocol", name(&self.protocol));
        if self.protocol.has_sasl() {
            self.apply_sasl(client)?;
        }
        if self.protocol.has_tls() {
            self.tls.apply(client)?;
        }
        Ok(())
    }

    fn apply_sasl(&self, client: &mut ClientConfig) -> anyhow::Result<()> {
        let Some(mechanism) = self.mechanism else {
            bail!(
                "KAFKA_SASL_MECHANISM is missing: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
            );
        };
        client.set("sasl.mechanism", name(&mechanism));
        if mechanism == SaslMechanism::Oauthbearer {
            return Ok(());
        }
        let Some(username) = given(self.username.as_deref()) else {
            bail!("KAFKA_SASL_USERNAME is missing");
        };
        let file = self.password_file.as_deref();
        let password = Secret::given("KAFKA_SASL_PASSWORD", self.password.as_ref(), file)?;
        let Some(password) = password else {
            bail!(
                "KAFKA_SASL_PASSWORD is missing; KAFKA_SASL_PASSWORD_FILE can name a file with it"
            );
        };
        client
            .set("sasl.username", username)
            .set("sasl.password", password.reveal());
        Ok(())
    }

    /// `None` for other mechanisms than OAUTHBEARER.
    pub(crate) fn token_source(&self) -> anyhow::Result<Option<TokenSource>> {
        let wanted = self.protocol.has_sasl() && self.mechanism == Some(SaslMechanism::Oauthbearer);
        wanted.then(|| self.oauth.token_source()).transpose()
    }
}

impl OauthArgs {
    fn token_source(&self) -> anyhow::Result<TokenSource> {
        let missing = |part: &str| {
            anyhow::anyhow!(
                "KAFKA_SASL_OAUTHBEARER_{part} is missing: the mechanism OAUTHBEARER needs it"
            )
        };
        let file = self.client_secret_file.as_deref();
        let secret = self.client_secret.as_ref();
        let secret = Secret::given("KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET", secret, file)?;
        let endpoint = self.token_endpoint.clone();
        let client_id = given(self.client_id.as_deref());
        TokenSource::new(
            endpoint.ok_or_else(|| missing("TOKEN_ENDPOINT_URL"))?,
            client_id.ok_or_else(|| missing("CLIENT_ID"))?,
            secret.ok_or_else(|| missing("CLIENT_SECRET"))?,
            given(self.scope.as_deref()),
        )
    }
}

impl KafkaTls {
    fn apply(&self, client: &mut ClientConfig) -> anyhow::Result<()> {
        let (certificate, key) = (&self.certificate_file, &self.key_file);
        ensure!(
            certificate.is_some() == key.is_some(),
            "KAFKA_SSL_CERTIFICATE_FILE and KAFKA_SSL_KEY_FILE belong together: one of them is missing"
        );
        let files = [
            ("ssl.certificate.location", "CERTIFICATE", certificate),
            ("ssl.key.location", "KEY", key),
            ("ssl.ca.location", "CA", &self.ca_file),
        ];
        // The places where systems keep them, whatever system OpenSSL was built for.
        client.set("ssl.ca.location", "probe");
        for (setting, part, file) in files {
            let Some(file) = file else { continue };
            // librdkafka says only that something is wrong with the settings.
            std::fs::File::open(file).map_err(|error| {
                let file = file.display();
                anyhow::anyhow!("cannot read KAFKA_SSL_{part}_FILE, {file}: {error}")
            })?;
            client.set(setting, file.display().to_string());
        }
        let file = self.key_password_file.as_deref();
        let password = self.key_password.as_ref();
        let password = Secret::given("KAFKA_SSL_KEY_PASSWORD", password, file)?;
        if let Some(password) = password {
            client.set("ssl.key.password", password.reveal());
        }
        Ok(())
    }
}

/// A variable that is set to nothing counts as not set, for that is what a compose file makes of one.
fn given(value: Option<&str>) -> Option<String> {
    value.filter(|value| !value.is_empty()).map(str::to_owned)
}

/// As the variable has it, which is how librdkafka has it too.
fn name(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests;
