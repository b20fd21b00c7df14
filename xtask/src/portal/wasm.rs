//! From the portal's Rust code to the WebAssembly and JavaScript that a browser runs.
//!
//! The linker's module is taken apart at the functions that `wasm_split` marks in `portal/src/pages`: into one that every page
//! loads, and chunks that each hold what some pages need besides. All of it lies in one folder, where the files find each other.

use std::{collections::BTreeMap, env, fs, path::Path, process::Command};

use anyhow::{Context, anyhow, ensure};
use walrus::ModuleConfig;
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support::Options;

pub(crate) const JS_FILE: &str = "portal.js";
pub(crate) const WASM_FILE: &str = "portal.wasm";
/// Loads chunks when they are asked for.
pub(crate) const LOADER_FILE: &str = "loader.js";

/// The files that hold the code of each page, besides what all pages share.
pub(crate) type Chunks = BTreeMap<String, Vec<String>>;

/// Compiles the portal for browsers and gives cargo's output.
pub(crate) fn compile(target_dir: &Path) -> anyhow::Result<Vec<u8>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(crate::workspace_dir()?)
        // The crate type is chosen here: in the manifest it would have every build of the server link a C library too.
        .args([
            "rustc",
            "--package",
            "portal",
            "--lib",
            "--crate-type",
            "cdylib",
        ])
        .args(["--target", "wasm32-unknown-unknown", "--profile", "wasm"])
        .args(["--no-default-features", "--features", "hydrate"])
        .arg("--target-dir")
        .arg(target_dir)
        // Taking the module apart needs to know what refers to what.
        .args(["--", "-Clink-arg=--emit-relocs"])
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "the portal does not compile for browsers");
    let module = target_dir.join("wasm32-unknown-unknown/wasm/portal.wasm");
    fs::read(&module).with_context(|| format!("cannot read {}", module.display()))
}

/// Writes the code into `folder`.
pub(crate) fn write(module: &[u8], folder: &Path) -> anyhow::Result<Chunks> {
    let (shared, chunks) = split(module, folder)?;
    let mut output = Bindgen::new()
        .web(true)?
        .typescript(false)
        // Chunks import by these names.
        .keep_lld_exports(true)
        .demangle(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .omit_default_module_path(true)
        .input_bytes("portal", shared)
        .generate_output()?;
    ensure!(
        output.snippets().values().all(Vec::is_empty) && output.local_modules().is_empty(),
        "a dependency of the portal brings JavaScript files of its own, which the site has no place for"
    );
    // Binaryen's wasm-opt has no place here: it takes off 1 KB of 275, and Debian's version breaks modules of today's rustc.
    fs::write(folder.join(JS_FILE), output.js())?;
    fs::write(folder.join(WASM_FILE), output.wasm_mut().emit_wasm())?;
    Ok(chunks)
}

/// Writes the chunks and what loads them, and gives the module of what all pages share.
fn split(module: &[u8], folder: &Path) -> anyhow::Result<(Vec<u8>, Chunks)> {
    let shared_file = folder.join("shared.wasm");
    let (link_name, main_module) = (format!("./{LOADER_FILE}"), format!("./{JS_FILE}"));
    let mut options = Options::new(module);
    options.output_dir = folder;
    options.main_out_path = &shared_file;
    options.link_name = &link_name;
    options.main_module = &main_module;
    let split = wasm_split_cli_support::transform(options)
        .map_err(|report| anyhow!("cannot take the module apart: {report:?}"))?;
    for chunk in &split.split_modules {
        fs::write(chunk, smaller(&fs::read(chunk)?)?)?;
    }
    let shared = fs::read(&shared_file)?;
    fs::remove_file(shared_file)?;
    let files = split.prefetch_map.into_iter().map(|(page, stems)| {
        let files = stems.into_iter().map(|stem| format!("{stem}.wasm"));
        (page, files.collect())
    });
    Ok((shared, files.collect()))
}

/// The module without what linkers and debuggers need: names, and numbers with room for larger ones.
fn smaller(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut module = ModuleConfig::new()
        .generate_name_section(false)
        .generate_producers_section(false)
        .parse(module)?;
    Ok(module.emit_wasm())
}
