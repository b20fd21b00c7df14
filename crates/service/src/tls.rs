//! HTTP over TLS: a certificate that is read again when it was renewed.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::Context;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
    server::TlsStream,
};
use tokio_util::sync::CancellationToken;

/// How soon a renewed certificate is seen. What renews certificates does so days before they end.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How long a client may take to agree on a connection.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const HTTP_1: &[u8] = b"http/1.1";

/// By what a service proves who it is.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TlsArgs {
    /// File with the certificate (PEM, the chain after it) to serve HTTPS with; read again when it changes
    #[arg(long, env = "TLS_CERT_FILE", value_name = "FILE")]
    pub tls_cert_file: Option<PathBuf>,
    /// File with the certificate's key (PEM)
    #[arg(long, env = "TLS_KEY_FILE", value_name = "FILE")]
    pub tls_key_file: Option<PathBuf>,
}

/// A certificate in use. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Tls {
    files: Arc<Files>,
    /// Replaced as a whole: a session begun with one certificate is not resumed once there is another.
    current: Arc<RwLock<TlsAcceptor>>,
}

#[derive(Debug)]
struct Files {
    chain: PathBuf,
    key: PathBuf,
}

impl TlsArgs {
    /// Reads the certificate; `None` without one.
    pub fn load(&self) -> anyhow::Result<Option<Tls>> {
        match (&self.tls_cert_file, &self.tls_key_file) {
            (None, None) => Ok(None),
            (Some(chain), Some(key)) => Tls::open(Files {
                chain: chain.clone(),
                key: key.clone(),
            })
            .map(Some),
            (Some(_), None) => anyhow::bail!("TLS_CERT_FILE is given without TLS_KEY_FILE"),
            (None, Some(_)) => anyhow::bail!("TLS_KEY_FILE is given without TLS_CERT_FILE"),
        }
    }

    /// `https` with a certificate.
    pub fn scheme(&self) -> &'static str {
        if self.tls_cert_file.is_some() {
            "https"
        } else {
            "http"
        }
    }
}

impl Tls {
    fn open(files: Files) -> anyhow::Result<Self> {
        let current = acceptor(&files.read()?)
            .with_context(|| format!("cannot use the certificate {}", files.chain.display()))?;
        Ok(Self {
            files: Arc::new(files),
            current: Arc::new(RwLock::new(current)),
        })
    }

    /// Agrees with a client on a connection.
    pub(crate) async fn accept(&self, stream: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
        let current = self.current.read();
        let acceptor = current.unwrap_or_else(PoisonError::into_inner).clone();
        let agreed = timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream));
        Ok(agreed.await.context("no handshake in time")??)
    }

    /// Looks for a renewed certificate until `stop`. One that cannot be used changes nothing but the log.
    pub(crate) async fn renew(self, stop: CancellationToken) {
        let mut known = self.files.read().ok();
        let pause = || tokio::time::sleep(LOOK_INTERVAL);
        while stop.run_until_cancelled(pause()).await.is_some() {
            // A file may be missing for a moment while it is replaced.
            let Ok(found) = self.files.read() else {
                continue;
            };
            if known.as_ref() == Some(&found) {
                continue;
            }
            let file = self.files.chain.display();
            match acceptor(&found) {
                Ok(renewed) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = renewed;
                    tracing::info!(%file, "the certificate was renewed");
                }
                Err(error) => {
                    tracing::error!(%file, error = format!("{error:#}"), "the new certificate cannot be used; the old one stays")
                }
            }
            known = Some(found);
        }
    }
}

impl Files {
    /// The chain and the key.
    fn read(&self) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
        let read = |name: &str, file: &Path| {
            fs::read(file).with_context(|| format!("cannot read {name}, {}", file.display()))
        };
        Ok((
            read("TLS_CERT_FILE", &self.chain)?,
            read("TLS_KEY_FILE", &self.key)?,
        ))
    }
}

/// Shows the certificate to whoever connects. The key has to be its key.
fn acceptor((chain, key): &(Vec<u8>, Vec<u8>)) -> anyhow::Result<TlsAcceptor> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .context("TLS_CERT_FILE is not PEM")?;
    anyhow::ensure!(!chain.is_empty(), "TLS_CERT_FILE holds no certificate");
    let key = PrivateKeyDer::from_pem_slice(key).context("TLS_KEY_FILE holds no key in PEM")?;
    // Named, for there is more than one in the program, and no global one is chosen.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("TLS_KEY_FILE is not the key of TLS_CERT_FILE")?;
    config.alpn_protocols = vec![HTTP_1.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
