//! Whose certificate is trusted.

use scratch_authority::ScratchAuthority;
use scratch_postgres::ScratchPostgres;
use service::Secret;

use super::*;

/// A server whose certificate is for `name`.
fn server(name: &str, authority: &ScratchAuthority) -> Option<ScratchPostgres> {
    let files = authority.certify(&[name]).unwrap();
    let read = |file| std::fs::read_to_string(file).unwrap();
    ScratchPostgres::start_with_tls(&read(files.certificate), &read(files.key)).unwrap()
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
    let ours = ScratchAuthority::new().unwrap();
    let another = ScratchAuthority::new().unwrap();
    let Some(server) = server("db.test", &ours) else {
        return;
    };
    let url = server.database("status").unwrap();
    let file = |authority: &ScratchAuthority| authority.ca_file().display().to_string();
    let (ours, another) = (file(&ours), file(&another));
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
    let ours = ScratchAuthority::new().unwrap();
    let Some(server) = server("127.0.0.1", &ours) else {
        return;
    };
    let url = server.database("status").unwrap();
    let file = ours.ca_file();
    let file = file.display();
    outcome(&format!("{url}?sslmode=verify-full&sslrootcert={file}"))
        .await
        .unwrap();
}
