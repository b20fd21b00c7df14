use std::fs;

use crate::harness::TestPortal;

#[tokio::test]
async fn built_files_are_named_by_pages_and_kept_for_ever() {
    let site = tempfile::tempdir().unwrap();
    let manifest = r#"{"css":"portal-1.css","code":"portal-2","chunks":{"seer":["split_seer.wasm","chunk_1.wasm"]}}"#;
    fs::create_dir(site.path().join("portal-2")).unwrap();
    for (name, content) in [
        ("site.json", manifest),
        ("portal-2/portal.js", "plain"),
        ("portal-2/portal.js.br", "brotli"),
        ("portal-2/portal.js.gz", "gzip"),
    ] {
        fs::write(site.path().join(name), content).unwrap();
    }
    let portal = TestPortal::start_with_site(site.path()).await;
    let (home, seer) = (portal.page("/").await, portal.page("/seer?q=why").await);
    for name in [
        "portal-1.css",
        "portal-2/portal.js",
        "portal-2/loader.js",
        "portal-2/portal.wasm",
    ] {
        let address = format!("\"/assets/{name}\"");
        assert!(
            home.contains(&address) && seer.contains(&address),
            "{name}: {home}"
        );
    }
    for chunk in ["split_seer.wasm", "chunk_1.wasm"] {
        let address = format!("\"/assets/portal-2/{chunk}\"");
        assert!(seer.contains(&address), "it needs it: {seer}");
        assert!(!home.contains(&address), "it does not need it: {home}");
    }
    for (accepted, body) in [
        ("br, gzip", "brotli"),
        ("gzip", "gzip"),
        ("identity", "plain"),
    ] {
        let request = portal.client.get(portal.url("/assets/portal-2/portal.js"));
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
        "/assets/portal-2/none.wasm",
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
