use std::path::PathBuf;

use contract::port;
use reqwest::Url;
use service::{Access, AccessArgs, ListenArgs, TlsArgs, TrustArgs};

use super::entrance::{OPEN, OidcArgs, SessionArgs};

/// The web page of Kafkloud: send messages, watch each become done.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "portal", version)]
pub struct PortalConfig {
    #[command(flatten)]
    pub listen: ListenArgs<{ port::PORTAL }>,
    #[command(flatten)]
    pub access: AccessArgs,
    #[command(flatten)]
    pub session: SessionArgs,
    #[command(flatten)]
    pub oidc: OidcArgs,
    #[command(flatten)]
    pub tls: TlsArgs,
    #[command(flatten)]
    pub trust: TrustArgs,
    /// Address under which people open the portal, such as https://kafkloud.example; needed for OIDC
    #[arg(long, env = "PORTAL_URL", value_name = "URL")]
    pub portal_url: Option<Url>,
    /// Address of the producer
    #[arg(
        long,
        env = "PRODUCER_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8000"
    )]
    pub producer_url: Url,
    /// Address of the consumer
    #[arg(
        long,
        env = "CONSUMER_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8072"
    )]
    pub consumer_url: Url,
    /// Address of the seer
    #[arg(
        long,
        env = "SEER_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8030"
    )]
    pub seer_url: Url,
    /// Address of the Kafka broker, as the About page shows it; the portal itself does not connect to it
    #[arg(
        long,
        env = "KAFKA_BROKER",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:9092"
    )]
    pub kafka_broker: String,
    /// Folder of the page's scripts and styles; by default `site` beside the program or up to two folders above
    #[arg(long, env = "PORTAL_SITE_DIR", value_name = "FOLDER")]
    pub site_dir: Option<PathBuf>,
    /// Names under which browsers may reach the portal besides loopback, separated by commas: `name` or `name:port`
    #[arg(
        long,
        env = "PORTAL_ALLOWED_HOSTS",
        value_name = "HOSTS",
        value_delimiter = ','
    )]
    pub allowed_hosts: Vec<String>,
    /// The parts that run in this process, as the About page shows it. Set by `kafkloud up`.
    #[arg(skip)]
    pub embedded: Vec<String>,
}

impl PortalConfig {
    /// Who is let in: those with a token, and those whom the provider of identities knows.
    pub fn entrance(&self) -> anyhow::Result<Access> {
        Ok(self.access.load()?.in_front(&OPEN, self.oidc.is_given()))
    }

    /// Names that the portal answers to besides loopback.
    pub(crate) fn names(&self) -> Vec<String> {
        let own = self.portal_url.as_ref().and_then(Url::host_str);
        let own = own.map(str::to_owned);
        self.allowed_hosts.iter().cloned().chain(own).collect()
    }
}
