use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use service::Secret;
use tokio_postgres::{Config, config::SslMode};
use tokio_rustls::rustls::ClientConfig;
use url::{Url, form_urlencoded};

use super::tls::{self, Trust};

/// How long connecting to one address may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the other side may be silent about what was sent to it.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// Where the database is, and how it proves that it is the right one.
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: Arc<ClientConfig>,
    /// Without user and password, for the log.
    pub(super) shown: String,
}

/// What stands in the URL about TLS, under the names that all of PostgreSQL's programs use.
#[derive(Debug, Default)]
struct TlsParameters {
    mode: Option<String>,
    root_certificate: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl Address {
    pub(super) fn parse(url: &Secret) -> anyhow::Result<Self> {
        let invalid = "STATUS_DATABASE_URL is no postgres://user:password@host/database";
        // Errors of the parsers would show parts of it.
        let mut url = Url::parse(url.reveal()).map_err(|_| anyhow::anyhow!(invalid))?;
        ensure!(
            matches!(url.scheme(), "postgres" | "postgresql"),
            "{invalid}"
        );
        let parameters = take_tls_parameters(&mut url);
        let (mode, trust) = parameters.trust()?;
        let tls = tls::client_config(
            trust,
            parameters.certificate.as_deref(),
            parameters.key.as_deref(),
        )?;
        let mut config: Config = url
            .as_str()
            .parse()
            .map_err(|_| anyhow::anyhow!("{invalid}, or has a parameter that is not known"))?;
        config
            .ssl_mode(mode)
            .application_name("kafkloud-consumer")
            .tcp_user_timeout(SILENCE_MAX)
            // Who only listens would not notice otherwise.
            .keepalives_idle(SILENCE_MAX)
            .keepalives_interval(SILENCE_MAX / 3)
            .keepalives_retries(3);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        let host = url.host_str().unwrap_or("localhost");
        let port = url
            .port()
            .map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self {
            config,
            tls: Arc::new(tls),
            shown: format!("{host}{port}{}", url.path()),
        })
    }
}

/// tokio-postgres knows no more of them than `sslmode`, and of that not all.
fn take_tls_parameters(url: &mut Url) -> TlsParameters {
    let mut parameters = TlsParameters::default();
    // As they are written: in these addresses a plus is a plus.
    let mut others = Vec::new();
    let query = url.query().unwrap_or_default().to_owned();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let escaped = pair.replace('+', "%2B");
        let Some((name, value)) = form_urlencoded::parse(escaped.as_bytes()).next() else {
            continue;
        };
        let value = value.into_owned();
        match &*name {
            "sslmode" => parameters.mode = Some(value),
            "sslrootcert" => parameters.root_certificate = Some(value.into()),
            "sslcert" => parameters.certificate = Some(value.into()),
            "sslkey" => parameters.key = Some(value.into()),
            _ => others.push(pair),
        }
    }
    let others = others.join("&");
    url.set_query((!others.is_empty()).then_some(others.as_str()));
    parameters
}

impl TlsParameters {
    /// What each mode means is PostgreSQL's own definition, except that certificates are checked against those that the
    /// system trusts where no others are named.
    fn trust(&self) -> anyhow::Result<(SslMode, Trust)> {
        let roots = match &self.root_certificate {
            Some(file) if file.as_os_str() != "system" => {
                let told = || format!("cannot read sslrootcert, {}", file.display());
                Some(fs::read(file).with_context(told)?)
            }
            _ => None,
        };
        let trust = match (self.mode.as_deref().unwrap_or("prefer"), roots) {
            ("disable", _) => return Ok((SslMode::Disable, Trust::Anybody)),
            ("allow" | "prefer", _) => return Ok((SslMode::Prefer, Trust::Anybody)),
            ("require", None) => Trust::Anybody,
            ("require" | "verify-ca", Some(roots)) => Trust::SignedBy(roots),
            ("verify-ca", None) => bail!("sslmode=verify-ca needs sslrootcert=FILE"),
            ("verify-full", Some(roots)) => Trust::NamedAndSignedBy(roots),
            ("verify-full", None) => Trust::NamedAndKnownToSystem,
            (mode, _) => bail!(
                "sslmode={mode} is not known: disable, prefer, require, verify-ca or verify-full"
            ),
        };
        Ok((SslMode::Require, trust))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> anyhow::Result<Address> {
        Address::parse(&Secret::new(url))
    }

    fn refusal(url: &str) -> String {
        format!("{:#}", parse(url).err().unwrap())
    }

    #[test]
    fn an_address_is_taken_apart() {
        let address = parse(
            "postgres://me:s%2Fcret@db.example:5433/status?sslmode=require&options=-c%20x%3D1",
        )
        .unwrap();
        assert_eq!(address.shown, "db.example:5433/status");
        assert_eq!(address.config.get_password(), Some(&b"s/cret"[..]));
        assert_eq!(address.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(address.config.get_options(), Some("-c x=1"));
        let modes = ["disable", "prefer", "verify-full"];
        let mode = |mode| parse(&format!("postgres://h/d?sslmode={mode}")).unwrap();
        let modes = modes.map(|name| mode(name).config.get_ssl_mode());
        assert_eq!(modes, [SslMode::Disable, SslMode::Prefer, SslMode::Require]);
    }

    #[test]
    fn a_refusal_tells_no_secret() {
        for url in [
            "postgres://me:s3cret@h:x/d",
            "mysql://me:s3cret@h/d",
            "postgres://me:s3cret@h/d?unknown=s3cret",
            "s3cret",
        ] {
            let refusal = refusal(url);
            assert!(!refusal.contains("s3cret"), "{refusal}");
            assert!(refusal.contains("STATUS_DATABASE_URL"), "{refusal}");
        }
        assert!(refusal("postgres://h/d?sslmode=maybe").contains("verify-full"));
        assert!(refusal("postgres://h/d?sslmode=verify-ca").contains("sslrootcert"));
        let nowhere = "postgres://h/d?sslmode=verify-full&sslrootcert=/nowhere";
        assert!(refusal(nowhere).contains("/nowhere"));
    }
}
