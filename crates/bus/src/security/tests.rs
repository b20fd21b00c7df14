use std::fs;

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    security: KafkaSecurity,
}

fn read(arguments: &[&str]) -> KafkaSecurity {
    let arguments = ["test"].iter().chain(arguments);
    Program::try_parse_from(arguments).unwrap().security
}

fn settings(arguments: &[&str]) -> anyhow::Result<ClientConfig> {
    let mut client = ClientConfig::new();
    read(arguments).apply(&mut client)?;
    Ok(client)
}

fn refusal(arguments: &[&str]) -> String {
    let security = read(arguments);
    let mut client = ClientConfig::new();
    let tokens = security
        .apply(&mut client)
        .and_then(|()| security.token_source());
    format!("{:#}", tokens.unwrap_err())
}

const SCRAM: [&str; 6] = [
    "--kafka-security-protocol=SASL_SSL",
    "--kafka-sasl-mechanism=scram-sha-512",
    "--kafka-sasl-username=alice",
    "--kafka-sasl-password=s3cret",
    "--kafka-sasl-oauthbearer-scope=",
    "--kafka-ssl-key-password=",
];

#[test]
fn nothing_is_asked_for_unless_said() {
    assert!(settings(&[]).unwrap().config_map().is_empty());
    assert!(read(&[]).token_source().unwrap().is_none());
}

#[test]
fn a_user_and_a_password_become_librdkafkas_settings() {
    let settings = settings(&SCRAM).unwrap();
    let setting = |name| settings.get(name).unwrap();
    assert_eq!(setting("security.protocol"), "sasl_ssl");
    assert_eq!(setting("sasl.mechanism"), "SCRAM-SHA-512");
    assert_eq!(setting("sasl.username"), "alice");
    assert_eq!(setting("sasl.password"), "s3cret");
    assert_eq!(setting("ssl.ca.location"), "probe");
    assert_eq!(settings.get("ssl.key.password"), None);
}

#[test]
fn secrets_come_from_files_too_and_are_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "from the file\n").unwrap();
    let by_file = format!("--kafka-sasl-password-file={}", file.display());
    let plain = [
        "--kafka-security-protocol=sasl_plaintext",
        "--kafka-sasl-mechanism=PLAIN",
        "--kafka-sasl-username=alice",
        by_file.as_str(),
    ];
    let given = settings(&plain).unwrap();
    assert_eq!(given.get("sasl.password"), Some("from the file"));
    let both = [&plain[..], &["--kafka-sasl-password=other"]].concat();
    assert!(refusal(&both).contains("KAFKA_SASL_PASSWORD_FILE"));
    let shown = format!("{:?}", read(&SCRAM));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn what_is_missing_is_named() {
    let sasl = "--kafka-security-protocol=sasl_ssl";
    assert!(refusal(&[sasl]).contains("KAFKA_SASL_MECHANISM"));
    let plain = "--kafka-sasl-mechanism=PLAIN";
    assert!(refusal(&[sasl, plain]).contains("KAFKA_SASL_USERNAME"));
    let user = "--kafka-sasl-username=alice";
    assert!(refusal(&[sasl, plain, user]).contains("KAFKA_SASL_PASSWORD"));
    let forgotten = refusal(&[plain, user]);
    assert!(forgotten.contains("KAFKA_SECURITY_PROTOCOL"), "{forgotten}");
    let bearer = "--kafka-sasl-mechanism=OAUTHBEARER";
    assert!(refusal(&[sasl, bearer]).contains("TOKEN_ENDPOINT_URL"));
    let ssl = "--kafka-security-protocol=ssl";
    let nowhere = "--kafka-ssl-ca-file=/nowhere/ca.pem";
    assert!(refusal(&[ssl, nowhere]).contains("KAFKA_SSL_CA_FILE, /nowhere/ca.pem"));
    assert!(refusal(&[nowhere]).contains("KAFKA_SECURITY_PROTOCOL"));
    let half = "--kafka-ssl-key-file=/nowhere/key.pem";
    assert!(refusal(&[ssl, half]).contains("KAFKA_SSL_CERTIFICATE_FILE"));
}
