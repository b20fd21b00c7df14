//! What browsers load besides pages: the files that `cargo xtask portal` made.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
};
use serde::Deserialize;
use tower_http::{services::ServeDir, set_header::SetResponseHeader};

use super::Portal;
use crate::pages::Page;

const MANIFEST_FILE: &str = "site.json";

/// What the build says about its files.
#[derive(Debug, Deserialize)]
pub(crate) struct Site {
    css: String,
    /// The folder of the code. It is named by a hash of all that it holds, for its files name each other.
    code: String,
    /// The files with the code of each page, besides what all pages share.
    chunks: BTreeMap<String, Vec<String>>,
}

/// Addresses of the files that one page needs.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) css: String,
    pub(crate) js: String,
    /// The JavaScript that loads chunks.
    pub(crate) loader: String,
    pub(crate) wasm: String,
    pub(crate) chunks: Vec<String>,
}

impl Site {
    pub(crate) fn style(&self) -> String {
        format!("/assets/{}", self.css)
    }

    pub(crate) fn files(&self, path: &str) -> Files {
        let code = |file: &str| format!("/assets/{}/{file}", self.code);
        let page = Page::at(path);
        let chunks = page.and_then(|page| self.chunks.get(page.code.name));
        let chunks = chunks.into_iter().flatten();
        Files {
            css: self.style(),
            js: code("portal.js"),
            loader: code("loader.js"),
            wasm: code("portal.wasm"),
            chunks: chunks.map(|file| code(file)).collect(),
        }
    }
}

/// The site's folder: the configured one, or `site` beside this program or up to two folders above. The latter is where cargo's
/// target folder has it, seen from a program and from a test.
pub(crate) fn find(configured: Option<&Path>) -> Option<PathBuf> {
    if let Some(dir) = configured {
        return Some(dir.to_owned());
    }
    let executable = env::current_exe().ok()?;
    let above = executable.ancestors().skip(1).take(3);
    let mut candidates = above.map(|dir| dir.join("site"));
    candidates.find(|dir| dir.join(MANIFEST_FILE).is_file())
}

/// The files, or `None` when they were never made.
pub(crate) fn read_manifest(site_dir: &Path) -> Option<Site> {
    let file = site_dir.join(MANIFEST_FILE);
    let manifest = fs::read(&file).ok()?;
    let site = serde_json::from_slice(&manifest);
    site.inspect_err(|error| tracing::warn!(%error, file = %file.display(), "unreadable"))
        .ok()
}

/// Serves the folder under `/assets`, compressed where the browser takes it. Names hold a hash of the content, so browsers may
/// keep the files for ever.
pub(crate) fn routes(site_dir: Option<&Path>) -> Router<Portal> {
    let Some(site_dir) = site_dir else {
        return Router::new();
    };
    let files = ServeDir::new(site_dir)
        .precompressed_br()
        .precompressed_gzip();
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    let cached = SetResponseHeader::overriding(
        files,
        header::CACHE_CONTROL,
        move |response: &axum::http::Response<_>| {
            (response.status() == StatusCode::OK).then(|| forever.clone())
        },
    );
    Router::new().nest_service("/assets", cached)
}
