//! What the programs say before they start.

use std::process::{Command, Output};

use e2e::program;

const GUARDED: [&str; 4] = ["portal", "producer", "consumer", "seer"];

fn run(name: &str, arguments: &[&str], token: Option<&str>) -> anyhow::Result<Output> {
    let mut program = Command::new(program(name)?);
    program.args(arguments).env_remove("API_TOKEN");
    program
        .env_remove("API_TOKEN_FILE")
        .envs(token.map(|token| ("API_TOKEN", token)));
    Ok(program.output()?)
}

#[test]
fn strangers_are_not_listened_to() -> anyhow::Result<()> {
    for name in GUARDED {
        let refused = run(name, &["--host", "0.0.0.0", "--port", "0"], None)?;
        assert!(!refused.status.success(), "{name}");
        let said = String::from_utf8(refused.stderr)?;
        for words in ["refusing to listen on 0.0.0.0", "API_TOKEN", "--insecure"] {
            assert!(said.contains(words), "{name}: {said}");
        }
    }
    Ok(())
}

#[test]
fn help_shows_no_token() -> anyhow::Result<()> {
    for name in GUARDED {
        let help = run(name, &["--help"], Some("a-token-that-nobody-sees"))?;
        let said = String::from_utf8(help.stdout)?;
        assert!(
            said.contains("API_TOKEN_FILE") && !said.contains("nobody-sees"),
            "{name}: {said}"
        );
    }
    Ok(())
}
