//! From the portal's Rust code to the WebAssembly and JavaScript that a browser runs.

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context, ensure};
use wasm_bindgen_cli_support::Bindgen;

/// What the browser runs.
pub(crate) struct Page {
    pub(crate) wasm: Vec<u8>,
    pub(crate) js: String,
}

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
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "the portal does not compile for browsers");
    let module = target_dir.join("wasm32-unknown-unknown/wasm/portal.wasm");
    fs::read(&module).with_context(|| format!("cannot read {}", module.display()))
}

/// Makes the JavaScript that loads the module, and the module smaller by what only the linker needs.
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
    // Binaryen's wasm-opt has no place here: it takes off 1 KB of 275, and Debian's version breaks modules of today's rustc.
    Ok(Page {
        js: output.js().to_owned(),
        wasm: output.wasm_mut().emit_wasm(),
    })
}
