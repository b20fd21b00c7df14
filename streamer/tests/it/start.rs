use std::process::Command;

#[test]
fn strangers_are_not_listened_to() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_streamer"));
    let refused = program
        .args(["--host", "0.0.0.0", "--port", "0"])
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    // It asks nobody, whatever is configured.
    for words in [
        "refusing to listen on 0.0.0.0",
        "Apache Kafka",
        "--insecure",
    ] {
        assert!(said.contains(words), "{said}");
    }
}
