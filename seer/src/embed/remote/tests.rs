#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Json, Router, http::HeaderMap, response::IntoResponse, routing::post};
use serde_json::{Value, json};

use super::*;

/// An API that gives each text its number of bytes as a vector's first component, after `failures` of a status.
async fn api(failures: usize, status: u16) -> (RemoteEmbedder, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let answer = move |headers: HeaderMap, Json(request): Json<Value>| {
        let call = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            assert_eq!(headers["authorization"], "Bearer secret");
            assert_eq!(request["model"], "tiny");
            if call < failures {
                let status = StatusCode::from_u16(status).unwrap();
                let error = json!({"error": {"message": "no", "type": "test", "param": null, "code": null}});
                return (status, Json(error)).into_response();
            }
            let texts = request["input"].as_array().unwrap();
            let mut data: Vec<Value> = texts
                .iter()
                .enumerate()
                .map(|(index, text)| {
                    let bytes = text.as_str().unwrap().len();
                    json!({"object": "embedding", "index": index, "embedding": [bytes, 0, 4]})
                })
                .collect();
            // The order is in the index, not in the list.
            data.reverse();
            let usage = json!({"prompt_tokens": 1, "total_tokens": 1});
            Json(json!({"object": "list", "model": "tiny", "data": data, "usage": usage}))
                .into_response()
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/embeddings", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let embedder = RemoteEmbedder::new(&url.parse().unwrap(), "tiny", Some("secret")).unwrap();
    (embedder, calls)
}

#[tokio::test]
async fn the_dimension_is_learned_and_vectors_have_length_1() {
    let (embedder, _) = api(0, 200).await;
    let embedder = embedder.connect().await.unwrap();
    assert_eq!((embedder.model(), embedder.dimension()), ("tiny", 3));
    let vectors = embedder
        .embed(vec!["123".to_owned(), String::new()])
        .await
        .unwrap();
    assert_eq!(vectors, [[0.6, 0.0, 0.8], [0.0, 0.0, 1.0]]);
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for status in [429, 500, 503] {
        let (embedder, calls) = api(2, status).await;
        assert!(embedder.connect().await.is_ok(), "{status}");
        assert_eq!(calls.load(Ordering::SeqCst), 3);
    }
}

#[tokio::test]
async fn tries_are_bounded() {
    let (embedder, calls) = api(usize::MAX, 503).await;
    let error = embedder.connect().await.err().unwrap();
    assert!(
        matches!(&error, EmbedError::Away(told) if told.contains("503")),
        "{error}"
    );
    assert_eq!(calls.load(Ordering::SeqCst), TRIES_MAX as usize);
}

#[tokio::test]
async fn a_refusal_is_not_tried_again_and_says_what_to_do() {
    let (embedder, calls) = api(usize::MAX, 401).await;
    let error = embedder.connect().await.err().unwrap();
    assert!(error.to_string().contains("EMBEDDINGS_API_KEY"), "{error}");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let (embedder, calls) = api(usize::MAX, 400).await;
    assert!(matches!(
        embedder.connect().await,
        Err(EmbedError::Failed(_))
    ));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_api_that_is_away_is_said_to_be() {
    let url = format!("http://{}", free_ports::address());
    let embedder = RemoteEmbedder::new(&url.parse().unwrap(), "tiny", None).unwrap();
    let error = embedder.connect().await.err().unwrap();
    assert!(
        matches!(&error, EmbedError::Away(told) if told.contains(&url)),
        "{error}"
    );
}

#[test]
fn tokens_are_guessed_by_words() {
    let embedder = RemoteEmbedder::new(&"http://localhost".parse().unwrap(), "tiny", None).unwrap();
    assert_eq!(embedder.token_starts("ab  cdefghij ü"), [0, 4, 8, 13]);
}
