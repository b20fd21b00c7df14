//! From the portal's Rust code to the WebAssembly and JavaScript that a browser runs.

use std::{env, fs, io, path::Path, process::Command};

use anyhow::{Context, ensure};
use wasm_bindgen_cli_support::Bindgen;

use super::say;

/// What the browser runs.
pub(crate) struct Page {
    pub(crate) wasm: Vec<u8>,
    pub(crate) js: String,
}

/// Compiles the portal for browsers and gives cargo's output.
pub(crate) fn compile(target_dir: &Path) -> anyhow::Result<Vec<u8>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(super::workspace_dir()?)
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
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "the portal does not compile for browsers");
    let module = target_dir.join("wasm32-unknown-unknown/wasm/portal.wasm");
    fs::read(&module).with_context(|| format!("cannot read {}", module.display()))
}

/// Makes the JavaScript that loads the module, and the module smaller.
pub(crate) fn bind(module: Vec<u8>) -> anyhow::Result<Page> {
    let mut output = Bindgen::new()
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .omit_default_module_path(true)
        .input_bytes("portal", module)
        .generate_output()?;
    ensure!(
        output.snippets().values().all(Vec::is_empty) && output.local_modules().is_empty(),
        "a dependency of the portal brings JavaScript files of its own, which the site has no place for"
    );
    let js = output.js().to_owned();
    let wasm = output.wasm_mut().emit_wasm();
    Ok(Page {
        wasm: optimise(wasm)?,
        js,
    })
}

/// Runs `wasm-opt` (Debian's package binaryen) where it is installed. The page works without: it is only larger.
fn optimise(wasm: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    // What rustc's target has on by default; an older binaryen has to be told.
    const FEATURES: [&str; 6] = [
        "--enable-bulk-memory",
        "--enable-multivalue",
        "--enable-mutable-globals",
        "--enable-nontrapping-float-to-int",
        "--enable-reference-types",
        "--enable-sign-ext",
    ];
    let dir = tempfile::tempdir()?;
    let (before, after) = (
        dir.path().join("before.wasm"),
        dir.path().join("after.wasm"),
    );
    fs::write(&before, &wasm)?;
    let outcome = Command::new("wasm-opt")
        .args(["-Oz", "--strip-debug", "--vacuum"])
        .args(FEATURES)
        .arg(&before)
        .arg("-o")
        .arg(&after)
        .output();
    match outcome {
        Ok(output) if output.status.success() => Ok(fs::read(after)?),
        Ok(output) => {
            let reason = String::from_utf8_lossy(&output.stderr);
            let reason = reason.lines().next().unwrap_or("no reason given");
            say(&format!("wasm-opt refused, going on without it: {reason}"));
            Ok(wasm)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            say(
                "wasm-opt is not installed (package binaryen): the page is larger than it could be",
            );
            Ok(wasm)
        }
        Err(error) => Err(error).context("cannot run wasm-opt"),
    }
}
