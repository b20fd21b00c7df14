//! Sign-in by a provider of identities, and every way in which it may not work.

use reqwest::{Response, Url};
use serde_json::{Value, json};

use crate::{
    fake_provider::{CLIENT_ID, CLIENT_SECRET, Provider, Signature},
    fake_stations::Stations,
    harness::TestPortal,
    sign_in::{sent_back, set_cookie},
};

struct SignIn {
    provider: Provider,
    portal: TestPortal,
    /// Where the portal has led to.
    question: Url,
    cookie: String,
}

impl SignIn {
    async fn begin() -> Self {
        let provider = Provider::start().await;
        let stations = Stations::start().await;
        let arguments = [
            "--portal-url",
            "http://portal.example",
            "--oidc-issuer",
            provider.issuer(),
            "--oidc-client-id",
            CLIENT_ID,
            "--oidc-client-secret",
            CLIENT_SECRET,
            "--oidc-operator-group",
            "ops",
            "--oidc-viewer-group",
            "all",
        ];
        let portal = TestPortal::start_with(&stations, &arguments).await;
        let answer = portal.get("/sign-in/oidc?to=/topics").await;
        assert_eq!(answer.status(), 303);
        let cookie = set_cookie(&answer, "kafkloud-oidc");
        for flag in [
            "; Path=/sign-in;",
            "; HttpOnly",
            "; SameSite=Lax",
            "; Max-Age=600",
        ] {
            assert!(cookie.contains(flag), "{cookie}");
        }
        Self {
            provider,
            portal,
            question: answer.headers()["location"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap(),
            cookie: sent_back(&answer, "kafkloud-oidc"),
        }
    }

    fn asked(&self, name: &str) -> String {
        let mut asked = self.question.query_pairs();
        asked
            .find(|(asked, _)| asked == name)
            .unwrap()
            .1
            .into_owned()
    }

    async fn come_back(&self, code: &str, state: &str) -> Response {
        let mut url: Url = self.portal.url("/sign-in/callback").parse().unwrap();
        url.query_pairs_mut()
            .append_pair("code", code)
            .append_pair("state", state);
        let request = self.portal.client.get(url).header("cookie", &self.cookie);
        // The provider's site leads here.
        request
            .header("sec-fetch-site", "cross-site")
            .send()
            .await
            .unwrap()
    }

    /// Comes back with what the provider says about somebody.
    async fn answered(&self, signature: Signature, change: impl FnOnce(&mut Value)) -> Response {
        let code = self.provider.grant(&self.question, signature, change);
        self.come_back(&code, &self.asked("state")).await
    }

    async fn page_as(&self, cookie: &str) -> Response {
        let request = self.portal.client.get(self.portal.url("/"));
        let request = request
            .header("cookie", cookie)
            .header("accept", "text/html");
        request.send().await.unwrap()
    }
}

async fn assert_refused(answer: Response, status: u16, words: &str) {
    assert_eq!(answer.status(), status);
    let cookies = answer.headers().get_all("set-cookie").iter();
    assert_eq!(cookies.count(), 0);
    let page = answer.text().await.unwrap();
    assert!(page.contains(words), "{page}");
}

#[tokio::test]
async fn whoever_the_provider_knows_comes_in() {
    for (signature, groups, role) in [
        (Signature::Es256, json!(["others", "ops"]), "operator"),
        (Signature::Rs256, json!(["all"]), "viewer"),
    ] {
        let sign_in = SignIn::begin().await;
        assert_eq!(
            sign_in.asked("redirect_uri"),
            "http://portal.example/sign-in/callback"
        );
        let answer = sign_in
            .answered(signature, |claims| claims["groups"] = groups)
            .await;
        assert_eq!(answer.status(), 200, "{signature:?}");
        assert!(set_cookie(&answer, "kafkloud-session").contains("; SameSite=Strict"));
        assert!(set_cookie(&answer, "kafkloud-oidc").contains("; Max-Age=0"));
        let cookie = sent_back(&answer, "kafkloud-session");
        // The session's cookie comes along once our own page leads on.
        assert!(answer.text().await.unwrap().contains("0;url=/topics"));
        let page = sign_in.page_as(&cookie).await.text().await.unwrap();
        assert!(
            page.contains(">ada") && page.contains(&format!("({role})")),
            "{page}"
        );
    }
}

#[tokio::test]
async fn without_a_session_pages_lead_to_the_provider() {
    let sign_in = SignIn::begin().await;
    let answer = sign_in.page_as("a=b").await;
    assert_eq!(answer.status(), 303);
    let page = sign_in.portal.page("/sign-in?to=/topics").await;
    assert!(page.contains("/sign-in/oidc?to=%2Ftopics"), "{page}");
    assert!(!page.contains("API_TOKEN"), "there is none: {page}");
}

#[tokio::test]
async fn a_sign_in_ends_where_it_was_begun() {
    let sign_in = SignIn::begin().await;
    let code = sign_in
        .provider
        .grant(&sign_in.question, Signature::Es256, |_| ());
    for state in ["", "another state"] {
        let answer = sign_in.come_back(&code, state).await;
        assert_refused(answer, 401, "not begun in this browser").await;
    }
    let path = format!(
        "/sign-in/callback?code={code}&state={}",
        sign_in.asked("state")
    );
    let without_cookie = sign_in.portal.get(&path).await;
    assert_refused(without_cookie, 401, "not begun in this browser").await;
    // The code of another one's sign-in, whose verifier this browser does not have.
    let other = SignIn::begin().await;
    let stolen = SignIn {
        provider: sign_in.provider.clone(),
        ..other
    };
    let answer = stolen.come_back(&code, &stolen.asked("state")).await;
    assert_refused(answer, 401, "does not prove who you are").await;
}

#[tokio::test]
async fn what_proves_nothing_is_refused() {
    let day_s = 24 * 60 * 60;
    type Change = fn(&mut Value, u64);
    let changes: [(&str, Change); 6] = [
        ("another nonce", |claims, _| {
            claims["nonce"] = json!("another")
        }),
        ("no nonce", |claims, _| {
            drop(claims.as_object_mut().unwrap().remove("nonce"))
        }),
        ("expired", |claims, ago| {
            claims["exp"] = json!(claims["exp"].as_u64().unwrap() - ago)
        }),
        ("for another client", |claims, _| {
            claims["aud"] = json!("another")
        }),
        ("for others too", |claims, _| {
            claims["aud"] = json!([CLIENT_ID, "another"])
        }),
        ("of another issuer", |claims, _| {
            claims["iss"] = json!("http://evil.example")
        }),
    ];
    for (what, change) in changes {
        let sign_in = SignIn::begin().await;
        let answer = sign_in
            .answered(Signature::Es256, |claims| change(claims, day_s))
            .await;
        assert_eq!(answer.status(), 401, "{what}");
        assert_refused(answer, 401, "does not prove who you are").await;
    }
    for signature in [Signature::Foreign, Signature::None] {
        let sign_in = SignIn::begin().await;
        let answer = sign_in.answered(signature, |_| ()).await;
        assert_refused(answer, 401, "does not prove who you are").await;
    }
    let sign_in = SignIn::begin().await;
    let answer = sign_in.come_back("no code", &sign_in.asked("state")).await;
    assert_refused(answer, 401, "does not prove who you are").await;
}

#[tokio::test]
async fn whoever_is_in_no_group_is_told_so() {
    for groups in [json!(["others"]), json!([]), Value::Null] {
        let sign_in = SignIn::begin().await;
        let answer = sign_in.answered(Signature::Es256, |claims| claims["groups"] = groups);
        assert_refused(answer.await, 403, "known as ada, but are in no group").await;
    }
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be() {
    let arguments = [
        "--portal-url",
        "http://portal.example",
        "--oidc-issuer",
        "http://127.0.0.1:1",
        "--oidc-client-id",
        CLIENT_ID,
        "--oidc-operator-group",
        "ops",
    ];
    let portal = TestPortal::start_with(&Stations::start().await, &arguments).await;
    let answer = portal.get("/sign-in/oidc").await;
    assert_refused(answer, 502, "does not answer as it should").await;
    assert_eq!(portal.get("/sign-in").await.status(), 200);
}
