//! HTTPS, and certificates that are renewed.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use axum::routing::get;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use service::{Access, Limits, Tls, TlsArgs, TrustArgs};
use tempfile::TempDir;
use tokio::sync::Notify;
use utoipa_axum::router::OpenApiRouter;

use super::{Server, access::Log};

/// Above the interval at which services look for renewed certificates.
const RENEWED_WITHIN: Duration = Duration::from_secs(20);

/// An authority, and a folder with what it has certified.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    /// Writes a certificate for this machine where the files of `args` are.
    fn certify(&self, args: &TlsArgs) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let write = |file: &Option<PathBuf>, pem: String| {
            let file = file.as_ref().unwrap();
            // In one step, as what renews certificates does it.
            let new = file.with_extension("new");
            fs::write(&new, pem).unwrap();
            fs::rename(new, file).unwrap();
        };
        write(&args.tls_key_file, key.serialize_pem());
        write(&args.tls_cert_file, certificate.pem());
    }

    fn args(&self) -> TlsArgs {
        let file = |name| Some(self.folder.path().join(name));
        TlsArgs {
            tls_cert_file: file("tls.crt"),
            tls_key_file: file("tls.key"),
        }
    }

    fn client(&self) -> reqwest::Client {
        let trust = TrustArgs {
            tls_ca_file: Some(self.folder.path().join("ca.pem")),
        };
        // A connection for each request, for each meets the certificate of its time.
        let client = reqwest::Client::builder().pool_max_idle_per_host(0);
        trust.apply(client).unwrap().build().unwrap()
    }
}

async fn start(api: OpenApiRouter, tls: Tls) -> Server {
    Server::start_guarded(api, Limits::default(), Access::default(), Some(tls)).await
}

async fn within(condition: impl AsyncFn() -> bool) {
    let waiting = tokio::time::timeout(RENEWED_WITHIN, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    waiting.await.expect("in time");
}

fn url(server: &Server, path: &str) -> String {
    format!("https://{}{path}", server.address)
}

#[tokio::test]
async fn a_renewed_certificate_is_served_without_a_restart() {
    let log = Log::default();
    let _logging = log.start();
    let (first, second) = (Authority::new(), Authority::new());
    let args = first.args();
    first.certify(&args);
    let server = start(OpenApiRouter::new(), args.load().unwrap().unwrap()).await;
    let url = url(&server, "/livez");
    let answer = first.client().get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(second.client().get(&url).send().await.is_err());
    assert!(
        reqwest::get(&url).await.is_err(),
        "nobody knows this authority"
    );
    assert!(
        reqwest::get(server.url("/livez")).await.is_err(),
        "it is not HTTP"
    );

    // What cannot be used changes nothing.
    let chain = args.tls_cert_file.as_ref().unwrap();
    let good = fs::read(chain).unwrap();
    fs::write(chain, "no certificate").unwrap();
    within(async || log.text().contains("cannot be used")).await;
    assert!(first.client().get(&url).send().await.is_ok());
    fs::write(chain, good).unwrap();

    second.certify(&args);
    within(async || second.client().get(&url).send().await.is_ok()).await;
    assert!(first.client().get(&url).send().await.is_err());
    server.stop.cancel();
    server.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_lets_the_request_in_progress_finish() {
    let authority = Authority::new();
    let args = authority.args();
    authority.certify(&args);
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (is_in, released) = (Arc::clone(&entered), Arc::clone(&release));
    let work = async move || {
        entered.notify_one();
        release.notified().await;
        "finished"
    };
    let api = OpenApiRouter::new().route("/work", get(work));
    let server = start(api, args.load().unwrap().unwrap()).await;
    let (client, url) = (authority.client(), url(&server, "/work"));
    let answer = tokio::spawn(async move { client.get(url).send().await?.text().await });
    is_in.notified().await;
    // Somebody who has connected and says nothing does not hold it up.
    let silent = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    server.stop.cancel();
    released.notify_one();
    assert_eq!(answer.await.unwrap().unwrap(), "finished");
    server.task.await.unwrap().unwrap();
    drop(silent);
}

#[test]
fn what_cannot_be_used_is_refused_at_the_start() {
    let (authority, other) = (Authority::new(), Authority::new());
    let args = authority.args();
    let refused = |args: &TlsArgs| format!("{:#}", args.load().err().unwrap());
    assert!(refused(&args).contains("TLS_CERT_FILE"), "there is no file");
    authority.certify(&args);
    assert!(args.load().is_ok());
    let without_key = TlsArgs {
        tls_key_file: None,
        ..args.clone()
    };
    assert!(refused(&without_key).contains("TLS_KEY_FILE"));
    other.certify(&other.args());
    let of_another = TlsArgs {
        tls_key_file: other.args().tls_key_file,
        ..args
    };
    assert!(refused(&of_another).contains("not the key"));
    assert!(TlsArgs::default().load().unwrap().is_none());
}
