use std::process::{Command, Output};

fn run(argument: &[&str], token: Option<&str>) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_producer"));
    program.args(argument).env_remove("API_TOKEN");
    program
        .env_remove("API_TOKEN_FILE")
        .envs(token.map(|token| ("API_TOKEN", token)));
    program.output().unwrap()
}

#[test]
fn strangers_are_not_listened_to() {
    let refused = run(&["--host", "0.0.0.0", "--port", "0"], None);
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    for words in ["refusing to listen on 0.0.0.0", "API_TOKEN", "--insecure"] {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn help_shows_no_token() {
    let help = run(&["--help"], Some("a-token-that-nobody-sees"));
    let said = String::from_utf8(help.stdout).unwrap();
    assert!(
        said.contains("API_TOKEN_FILE") && !said.contains("nobody-sees"),
        "{said}"
    );
}
