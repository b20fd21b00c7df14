#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

use super::*;
use crate::embed::Embeddings;

/// The model that `make setup` fetched.
fn model() -> MiniLm {
    let folder = std::env::var_os("SEER_MODEL_DIR").map_or_else(
        || crate::embed::embeddings::default_folder().unwrap(),
        Into::into,
    );
    MiniLm::load(&folder, 2).unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[tokio::test]
async fn vectors_are_those_of_the_reference() {
    let model = model();
    assert_eq!((model.dimension(), model.tokens_max()), (384, 254));
    let vectors = model
        .embed(texts(&[
            "A man is eating food.",
            "A man is eating a piece of bread.",
            "The girl is carrying a baby.",
        ]))
        .await
        .unwrap();
    // By sentence-transformers, and by a computation of the same weights without candle.
    assert!((cosine(&vectors[0], &vectors[1]) - 0.7553).abs() < 1e-3);
    assert!((cosine(&vectors[0], &vectors[2]) + 0.1050).abs() < 1e-3);
    for (component, expected) in vectors[0].iter().zip([0.033_242, 0.004_406, -0.006_277]) {
        assert!((component - expected).abs() < 1e-4);
    }
}

#[tokio::test]
async fn a_text_has_the_same_vector_alone_and_beside_longer_ones() {
    let model = model();
    let long = "A much longer sentence stands beside it, so that it is padded. ".repeat(5);
    let alone = model.embed(texts(&["short"])).await.unwrap();
    let beside = model.embed(texts(&[&long, "short"])).await.unwrap();
    assert!(cosine(&alone[0], &beside[1]) > 0.9999);
    assert!((cosine(&alone[0], &alone[0]) - 1.0).abs() < 1e-5);
}

#[tokio::test]
async fn what_is_beyond_the_model_s_length_is_left_out() {
    let model = model();
    let long = "word ".repeat(254);
    let longer = "word ".repeat(2_000);
    let vectors = model
        .embed(vec![long, longer, String::new()])
        .await
        .unwrap();
    assert!(cosine(&vectors[0], &vectors[1]) > 0.9999);
    assert_eq!(vectors[2].len(), 384);
}

#[test]
fn tokens_begin_where_they_stand_in_the_text() {
    let model = model();
    assert_eq!(model.token_starts("Hello, wörld!"), [0, 5, 7, 13]);
    assert_eq!(model.count_tokens("unaffable"), 3);
}

#[tokio::test]
async fn a_question_s_nearest_message_is_its_answer() {
    let embeddings = Embeddings::of(Arc::new(model()));
    let documents = [
        "The Wilymajinkas are a tribe of northeastern Native Pandorians.",
        "Order 42 was shipped on Tuesday.",
        "The disk of host db-3 is full.",
    ];
    let known = embeddings
        .embed(texts(&documents), crate::embed::Lane::Live)
        .await
        .unwrap();
    for (question, answer) in [
        ("Which tribe lives in Pandoria?", 0),
        ("When did my package leave?", 1),
        ("Which machine has no space left?", 2),
    ] {
        let asked = embeddings
            .embed(texts(&[question]), crate::embed::Lane::Question)
            .await
            .unwrap();
        let nearest = (0..3)
            .max_by(|&a, &b| cosine(&known[a], &asked[0]).total_cmp(&cosine(&known[b], &asked[0])));
        assert_eq!(nearest, Some(answer), "{question}");
    }
}

#[test]
fn a_folder_without_a_model_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let error = MiniLm::load(folder.path(), 1).err().unwrap();
    assert!(format!("{error:#}").contains("config.json"), "{error:#}");
}
