//! The portal's site: what browsers load, under names that hold a hash of the content so that they can be cached for ever.
//!
//! `<target dir>/site/site.json` names the files; each lies beside its `.br` and `.gz` form.

mod compress;
mod pack;
mod wasm;

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde::Serialize;

use crate::say;

/// The manifest that the portal's server reads.
#[derive(Serialize)]
struct Site {
    css: String,
    /// The folder of the code.
    code: String,
    chunks: wasm::Chunks,
}

/// What the site was last made from; when it is the same, there is nothing to do.
const INPUTS_FILE: &str = "inputs";
const MANIFEST_FILE: &str = "site.json";
/// What a page may load before it is alive, gzipped: this much comes over a slow line while somebody waits.
const PAGE_BYTES_MAX: u64 = 300_000;

pub(crate) fn build() -> anyhow::Result<()> {
    let target_dir = target_dir()?;
    let site_dir = target_dir.join("site");
    let module = wasm::compile(&target_dir)?;
    let css = stylesheet()?;

    // This program decides as well what becomes of them.
    let program = fs::read(env::current_exe()?)?;
    let inputs = hash_of(&[&module, css.as_bytes(), &program]);
    let inputs_file = site_dir.join(INPUTS_FILE);
    if fs::read_to_string(&inputs_file).is_ok_and(|before| before == inputs) {
        say(&format!("portal: {} is up to date", site_dir.display()));
        return Ok(());
    }

    fs::create_dir_all(&site_dir)?;
    let (code, chunks) = write_code(&site_dir, &module)?;
    let css = write_css(&site_dir, &css)?;
    let site = Site { css, code, chunks };
    weigh(&site_dir, &site)?;
    fs::write(site_dir.join(MANIFEST_FILE), serde_json::to_vec(&site)?)?;
    fs::write(inputs_file, inputs)?;
    remove_all_but(&site_dir, &site)
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
    let mut files = entries(&crate::workspace_dir()?.join("portal/style"))?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "css"));
    files.sort();
    let sheets = files.iter().map(fs::read_to_string);
    Ok(sheets.collect::<Result<Vec<_>, _>>()?.concat())
}

fn entries(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// Writes a folder named by all that it holds: its files name each other, so none could be named by its own content alone.
fn write_code(site_dir: &Path, module: &[u8]) -> anyhow::Result<(String, wasm::Chunks)> {
    let folder = site_dir.join("portal-unfinished");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir(&folder)?;
    let chunks = pack::pack(&folder, &wasm::write(module, &folder)?)?;
    let mut files = entries(&folder)?;
    files.sort();
    let contents = files.iter().map(fs::read);
    let contents: Vec<Vec<u8>> = contents.collect::<Result<_, _>>()?;
    for (file, content) in files.iter().zip(&contents) {
        compress::beside(file, content)?;
    }
    let contents: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
    let name = format!("portal-{}", hash_of(&contents));
    let finished = site_dir.join(&name);
    if finished.exists() {
        fs::remove_dir_all(&finished)?;
    }
    fs::rename(folder, finished)?;
    Ok((name, chunks))
}

fn write_css(site_dir: &Path, css: &str) -> anyhow::Result<String> {
    let name = format!("portal-{}.css", hash_of(&[css.as_bytes()]));
    let file = site_dir.join(&name);
    fs::write(&file, css)?;
    compress::beside(&file, css.as_bytes())?;
    Ok(name)
}

/// Tells contents apart, no more: it protects from stale caches, not from people.
fn hash_of(parts: &[&[u8]]) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What earlier builds left, which nothing names any more.
fn remove_all_but(site_dir: &Path, site: &Site) -> anyhow::Result<()> {
    for entry in entries(site_dir)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        let is_current = [&site.css, &site.code]
            .iter()
            .any(|kept| name.starts_with(kept.as_str()));
        if name.starts_with("portal-") && !is_current {
            if entry.is_dir() {
                fs::remove_dir_all(&entry)?;
            } else {
                fs::remove_file(&entry)?;
            }
        }
    }
    Ok(())
}

/// Says how much each page loads, and refuses what is too much.
fn weigh(site_dir: &Path, site: &Site) -> anyhow::Result<()> {
    let gzipped = |file: PathBuf| Ok(fs::metadata(file)?.len());
    let code = |file: &str| gzipped(site_dir.join(&site.code).join(format!("{file}.gz")));
    let mut shared_bytes = gzipped(site_dir.join(format!("{}.gz", site.css)))?;
    for file in [wasm::JS_FILE, wasm::LOADER_FILE, wasm::WASM_FILE] {
        shared_bytes += code(file)?;
    }
    let mut too_heavy = Vec::new();
    for (page, chunks) in &site.chunks {
        let chunks = chunks.iter().map(|file| code(file));
        let own_bytes: u64 = chunks.sum::<anyhow::Result<_>>()?;
        let bytes = shared_bytes + own_bytes;
        say(&format!(
            "portal: {page} loads {} KB gzipped, {} KB of it for itself",
            bytes.div_ceil(1000),
            own_bytes.div_ceil(1000)
        ));
        if bytes > PAGE_BYTES_MAX {
            too_heavy.push(page.as_str());
        }
    }
    ensure!(
        too_heavy.is_empty(),
        "more than {} KB is loaded by {}: see portal/README.md for what to do",
        PAGE_BYTES_MAX / 1000,
        too_heavy.join(", ")
    );
    Ok(())
}
