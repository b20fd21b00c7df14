use std::fs;

use crate::harness::TestPortal;

#[tokio::test]
async fn built_files_are_named_by_pages_and_kept_for_ever() {
    let site = tempfile::tempdir().unwrap();
    let manifest = r#"{"js":"portal-1.js","wasm":"portal-2.wasm","css":"portal-3.css"}"#;
    for (name, content) in [
        ("site.json", manifest),
        ("portal-1.js", "plain"),
        ("portal-1.js.br", "brotli"),
        ("portal-1.js.gz", "gzip"),
    ] {
        fs::write(site.path().join(name), content).unwrap();
    }
    let portal = TestPortal::start_with_site(site.path()).await;
    let page = portal.page("/").await;
    for name in ["portal-1.js", "portal-2.wasm", "portal-3.css"] {
        assert!(page.contains(&format!("/assets/{name}")), "{name}: {page}");
    }
    for (accepted, body) in [
        ("br, gzip", "brotli"),
        ("gzip", "gzip"),
        ("identity", "plain"),
    ] {
        let request = portal.client.get(portal.url("/assets/portal-1.js"));
        let response = request
            .header("accept-encoding", accepted)
            .send()
            .await
            .unwrap();
        let headers = response.headers();
        assert_eq!(
            headers["cache-control"],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(headers["content-type"], "text/javascript");
        assert_eq!(response.text().await.unwrap(), body);
    }
    for path in [
        "/assets/none.js",
        "/assets/../site.json",
        "/assets/%2e%2e/Cargo.toml",
    ] {
        let response = portal.get(path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.headers()["cache-control"], "no-cache", "{path}");
    }
}

#[tokio::test]
async fn pages_are_complete_without_built_files() {
    let empty = tempfile::tempdir().unwrap();
    let portal = TestPortal::start_with_site(empty.path()).await;
    let page = portal.page("/").await;
    assert!(
        page.contains("id=\"do-it\"") && !page.contains("/assets/"),
        "{page}"
    );
}
