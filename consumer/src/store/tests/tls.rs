//! Whose certificate is trusted.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use scratch_postgres::ScratchPostgres;
use service::Secret;

use super::*;

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn authority() -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = parameters.self_signed(&key).unwrap();
    Authority {
        pem: certificate.pem(),
        issuer: Issuer::new(parameters, key),
    }
}

/// A server whose certificate is for `name`, by an authority whose certificate lies in a file.
fn server(name: &str, authority: &Authority) -> Option<ScratchPostgres> {
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = parameters.signed_by(&key, &authority.issuer).unwrap();
    ScratchPostgres::start_with_tls(&certificate.pem(), &key.serialize_pem()).unwrap()
}

async fn outcome(url: &str) -> Result<(), String> {
    let config = StoreConfig {
        status_database_url: Some(Secret::new(url)),
        ..Place::Folder(tempfile::tempdir().unwrap()).config(1000)
    };
    let opened = open(&config).await;
    opened.map(drop).map_err(|error| format!("{error:#}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sslmode_trusts_whom_it_should() {
    let (ours, another) = (authority(), authority());
    let Some(server) = server("db.test", &ours) else {
        return;
    };
    let url = server.database("status").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, authority: &Authority| {
        let file = folder.path().join(name);
        std::fs::write(&file, &authority.pem).unwrap();
        file.display().to_string()
    };
    let (ours, another) = (file("ours", &ours), file("another", &another));
    let trusted = [
        "sslmode=prefer".to_owned(),
        "sslmode=require".to_owned(),
        format!("sslmode=require&sslrootcert={ours}"),
        format!("sslmode=verify-ca&sslrootcert={ours}"),
    ];
    for parameters in trusted {
        outcome(&format!("{url}?{parameters}")).await.unwrap();
    }
    let refused = [
        ("sslmode=disable".to_owned(), "no encryption"),
        (
            format!("sslmode=verify-ca&sslrootcert={another}"),
            "certificate",
        ),
        (
            format!("sslmode=require&sslrootcert={another}"),
            "certificate",
        ),
        ("sslmode=verify-full".to_owned(), "certificate"),
        // Its certificate names no 127.0.0.1.
        (
            format!("sslmode=verify-full&sslrootcert={ours}"),
            "certificate",
        ),
    ];
    for (parameters, reason) in refused {
        let error = outcome(&format!("{url}?{parameters}")).await.unwrap_err();
        assert!(error.contains(reason), "{parameters}: {error}");
        assert!(
            !error.contains("not%2F") && !error.contains("not/so"),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_the_right_name_is_trusted_in_full() {
    let ours = authority();
    let Some(server) = server("127.0.0.1", &ours) else {
        return;
    };
    let url = server.database("status").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &ours.pem).unwrap();
    let file = file.display();
    outcome(&format!("{url}?sslmode=verify-full&sslrootcert={file}"))
        .await
        .unwrap();
}
