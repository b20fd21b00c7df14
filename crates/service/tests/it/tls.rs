//! HTTPS, and certificates that are renewed.

use std::{fs, sync::Arc, time::Duration};

use axum::routing::get;
use scratch_authority::{CertificateFiles, ScratchAuthority};
use service::{Access, Limits, Tls, TlsArgs, TrustArgs};
use tokio::sync::Notify;
use utoipa_axum::router::OpenApiRouter;

use super::{Server, access::Log};

/// Above the interval at which services look for renewed certificates.
const RENEWED_WITHIN: Duration = Duration::from_secs(20);

fn args(files: &CertificateFiles) -> TlsArgs {
    TlsArgs {
        tls_cert_file: Some(files.certificate.clone()),
        tls_key_file: Some(files.key.clone()),
    }
}

fn client(authority: &ScratchAuthority) -> reqwest::Client {
    let trust = TrustArgs {
        tls_ca_file: Some(authority.ca_file()),
    };
    // A connection for each request, for each meets the certificate of its time.
    let client = reqwest::Client::builder().pool_max_idle_per_host(0);
    trust.apply(client).unwrap().build().unwrap()
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
    let first = ScratchAuthority::new().unwrap();
    let second = ScratchAuthority::new().unwrap();
    let files = first.certify_loopback().unwrap();
    let (of_first, of_second) = (client(&first), client(&second));
    let tls = args(&files).load().unwrap().unwrap();
    let server = start(OpenApiRouter::new(), tls).await;
    let url = url(&server, "/livez");
    let answer = of_first.get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(of_second.get(&url).send().await.is_err());
    assert!(
        reqwest::get(&url).await.is_err(),
        "nobody knows this authority"
    );
    assert!(
        reqwest::get(server.url("/livez")).await.is_err(),
        "it is not HTTP"
    );

    // What cannot be used changes nothing.
    let chain = &files.certificate;
    let good = fs::read(chain).unwrap();
    fs::write(chain, "no certificate").unwrap();
    within(async || log.text().contains("cannot be used")).await;
    assert!(of_first.get(&url).send().await.is_ok());
    fs::write(chain, good).unwrap();

    second.certify_in(&["127.0.0.1"], &files).unwrap();
    within(async || of_second.get(&url).send().await.is_ok()).await;
    assert!(of_first.get(&url).send().await.is_err());
    server.stop.cancel();
    server.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_lets_the_request_in_progress_finish() {
    let authority = ScratchAuthority::new().unwrap();
    let files = authority.certify_loopback().unwrap();
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (is_in, released) = (Arc::clone(&entered), Arc::clone(&release));
    let work = async move || {
        entered.notify_one();
        release.notified().await;
        "finished"
    };
    let api = OpenApiRouter::new().route("/work", get(work));
    let tls = args(&files).load().unwrap().unwrap();
    let server = start(api, tls).await;
    let (client, url) = (client(&authority), url(&server, "/work"));
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
    let authority = ScratchAuthority::new().unwrap();
    let files = authority.certify_loopback().unwrap();
    let other = authority.certify(&["other.test"]).unwrap();
    let args = args(&files);
    let refused = |args: &TlsArgs| format!("{:#}", args.load().err().unwrap());
    assert!(args.load().is_ok());
    let without_key = TlsArgs {
        tls_key_file: None,
        ..args.clone()
    };
    assert!(refused(&without_key).contains("TLS_KEY_FILE"));
    let of_another = TlsArgs {
        tls_key_file: Some(other.key.clone()),
        ..args.clone()
    };
    assert!(refused(&of_another).contains("not the key"));
    fs::remove_file(&files.certificate).unwrap();
    assert!(refused(&args).contains("TLS_CERT_FILE"), "there is no file");
    assert!(TlsArgs::default().load().unwrap().is_none());
}
