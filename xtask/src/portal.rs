//! The portal's site: what browsers load, under names that hold a hash of the content so that they can be cached for ever.
//!
//! `<target dir>/site/site.json` names the files; each lies beside its `.br` and `.gz` form.

mod compress;
mod wasm;

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Serialize;

use crate::say;

/// The manifest that the portal's server reads: file names in the site folder.
#[derive(Serialize)]
struct Site {
    js: String,
    wasm: String,
    css: String,
}

/// What the site was last made from; when it is the same, there is nothing to do.
const INPUTS_FILE: &str = "inputs";
const MANIFEST_FILE: &str = "site.json";

pub(crate) fn build() -> anyhow::Result<()> {
    let target_dir = target_dir()?;
    let site_dir = target_dir.join("site");
    let module = wasm::compile(&target_dir)?;
    let css = stylesheet()?;

    let inputs = hash_of(&[
        &module,
        css.as_bytes(),
        env!("CARGO_PKG_VERSION").as_bytes(),
    ]);
    let inputs_file = site_dir.join(INPUTS_FILE);
    if fs::read_to_string(&inputs_file).is_ok_and(|before| before == inputs) {
        say(&format!("portal: {} is up to date", site_dir.display()));
        return Ok(());
    }

    let page = wasm::bind(module)?;
    fs::create_dir_all(&site_dir)?;
    let site = Site {
        js: write_hashed(&site_dir, "js", page.js.as_bytes())?,
        wasm: write_hashed(&site_dir, "wasm", &page.wasm)?,
        css: write_hashed(&site_dir, "css", css.as_bytes())?,
    };
    fs::write(site_dir.join(MANIFEST_FILE), serde_json::to_vec(&site)?)?;
    fs::write(inputs_file, inputs)?;
    remove_all_but(&site_dir, &site)?;
    report(&site_dir, &site)
}

/// Cargo runs this program from `<target dir>/<profile>/`, wherever the target folder was put.
fn target_dir() -> anyhow::Result<PathBuf> {
    let executable = env::current_exe()?;
    let target_dir = executable.parent().and_then(Path::parent);
    Ok(target_dir
        .context("xtask must lie in cargo's target folder: run it as `cargo xtask`")?
        .to_owned())
}

/// All style sheets as one, in the order of their names.
fn stylesheet() -> anyhow::Result<String> {
    let dir = crate::workspace_dir()?.join("portal/style");
    let mut files: Vec<PathBuf> = fs::read_dir(&dir)
        .with_context(|| format!("cannot read {}", dir.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<anyhow::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "css"));
    files.sort();
    let sheets = files.iter().map(fs::read_to_string);
    Ok(sheets.collect::<Result<Vec<_>, _>>()?.concat())
}

fn write_hashed(site_dir: &Path, extension: &str, content: &[u8]) -> anyhow::Result<String> {
    let name = format!("portal-{}.{extension}", hash_of(&[content]));
    let file = site_dir.join(&name);
    fs::write(&file, content)?;
    compress::beside(&file, content)?;
    Ok(name)
}

/// Tells contents apart, no more: it protects from stale caches, not from people.
fn hash_of(parts: &[&[u8]]) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Files of earlier builds, which nothing names any more.
fn remove_all_but(site_dir: &Path, site: &Site) -> anyhow::Result<()> {
    let kept = [&site.js, &site.wasm, &site.css];
    for entry in fs::read_dir(site_dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_current = kept.iter().any(|kept| name.starts_with(kept.as_str()));
        if name.starts_with("portal-") && !is_current {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn report(site_dir: &Path, site: &Site) -> anyhow::Result<()> {
    let mut total_bytes = 0;
    for name in [&site.wasm, &site.js, &site.css] {
        let gzipped = fs::metadata(site_dir.join(format!("{name}.gz")))?.len();
        total_bytes += gzipped;
        say(&format!(
            "portal: {name}: {} KB gzipped",
            gzipped.div_ceil(1000)
        ));
    }
    let total = total_bytes.div_ceil(1000);
    say(&format!(
        "{}: {total} KB gzipped in all",
        site_dir.display()
    ));
    Ok(())
}
