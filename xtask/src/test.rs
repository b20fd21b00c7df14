//! One component's tests, built as `make test` builds them.
//!
//! `cargo test --package` alone would turn on fewer features of shared dependencies, and so build most of them a second
//! time: ten minutes for the seer.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use serde::Deserialize;

/// What cargo tells of something it has built.
#[derive(Deserialize)]
struct Artifact {
    reason: String,
    manifest_path: Option<PathBuf>,
    executable: Option<PathBuf>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Runs the tests of the package in the folder `component` of the workspace; `args` go to each test program, such as a filter.
pub(crate) fn run(component: &str, args: &[String]) -> anyhow::Result<()> {
    let folder = crate::workspace_dir()?.join(component);
    ensure!(
        folder.join("Cargo.toml").is_file(),
        "{component} is no component: there is no {component}/Cargo.toml"
    );
    let programs = build(&folder.join("Cargo.toml"))?;
    ensure!(!programs.is_empty(), "{component} has no tests");
    let mut failed = Vec::new();
    for program in programs {
        let status = Command::new(&program)
            .args(args)
            .current_dir(&folder)
            .env("CARGO_MANIFEST_DIR", &folder)
            .status()
            .with_context(|| format!("cannot run {}", program.display()))?;
        if !status.success() {
            failed.push(program.display().to_string());
        }
    }
    ensure!(failed.is_empty(), "tests failed in {}", failed.join(", "));
    Ok(())
}

/// Builds the tests of the whole workspace; returns the programs that belong to `manifest`.
fn build(manifest: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut child = Command::new(cargo)
        .args(["test", "--locked", "--workspace", "--no-run"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(crate::workspace_dir()?)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut programs = Vec::new();
    for line in BufReader::new(output).lines() {
        let artifact: Artifact = serde_json::from_str(&line?)?;
        let is_test = artifact.profile.is_some_and(|profile| profile.test);
        if artifact.reason == "compiler-artifact"
            && is_test
            && artifact.manifest_path.as_deref() == Some(manifest)
        {
            programs.extend(artifact.executable);
        }
    }
    ensure!(child.wait()?.success(), "the tests do not build");
    Ok(programs)
}
