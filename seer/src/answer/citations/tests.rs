use contract::{MessageId, seer::Ranks};
use futures::{FutureExt, future::BoxFuture};
use service::ApiResult;

use super::*;
use crate::index::SearchQuery;

/// Knows nothing and embeds nothing: words decide.
struct Nothing;

impl Knowledge for Nothing {
    fn search(&self, _: SearchQuery) -> BoxFuture<'_, ApiResult<Vec<SearchHit>>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn embed(&self, _: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, String>> {
        async { Err("away".to_owned()) }.boxed()
    }
}

fn hits(texts: &[&str]) -> Vec<SearchHit> {
    let hit = |(offset, text): (usize, &&str)| SearchHit {
        id: MessageId::of_record("stream", 0, offset as i64),
        topic: "stream".to_owned(),
        partition: 0,
        offset: offset as i64,
        key: None,
        timestamp: None,
        text: (*text).to_owned(),
        score: 1.0,
        ranks: Ranks::default(),
    };
    texts.iter().enumerate().map(hit).collect()
}

fn checked(text: &str, messages: &[&str]) -> Checked {
    let bm25 = Bm25::new().unwrap();
    let hits = hits(messages);
    check(&bm25, &Nothing, text, &hits)
        .now_or_never()
        .expect("nothing to wait for")
}

const MESSAGES: &[&str] = &[
    "The Panthers defense gave up just 308 points. Kawann Short led the team in sacks with 11.",
    "The Wilymajinkas are a tribe of northeastern Native Pandorians.",
];

#[test]
fn sentences_that_their_messages_bear() {
    for text in [
        "The defense gave up 308 points [1].",
        "The defense gave up 308 points. [1]",
        "The Wilymajinkas are a tribe [2]. Short led with 11 sacks [1].",
        "The Wilymajinkas are a tribe of Pandorians [1, 2].",
        "Kawann Short led the team in sacks. [1] The Wilymajinkas are a tribe. [2]",
    ] {
        let checked = checked(text, MESSAGES);
        assert!(checked.supported, "{text}");
        assert_eq!(checked.unsupported, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn sentences_that_no_message_bears() {
    for (text, unsupported) in [
        (
            "The defense gave up 309 points [1].",
            "The defense gave up 309 points [1].",
        ),
        (
            "The defense of Carolina gave up 308 points [1].",
            "The defense of Carolina gave up 308 points [1].",
        ),
        (
            "The defense gave up 308 points [2].",
            "The defense gave up 308 points [2].",
        ),
        (
            "The defense gave up 308 points.",
            "The defense gave up 308 points.",
        ),
        (
            "The defense gave up 308 points [7].",
            "The defense gave up 308 points [7].",
        ),
        (
            "The defense gave up 308 points [1][9].",
            "The defense gave up 308 points [1][9].",
        ),
        (
            "The defense gave up 308 points [0].",
            "The defense gave up 308 points [0].",
        ),
        ("It rained all day long [1].", "It rained all day long [1]."),
    ] {
        let checked = checked(text, MESSAGES);
        assert_eq!(checked.unsupported, [unsupported], "{text}");
        assert!(!checked.supported, "{text}");
    }
}

#[test]
fn only_numbers_of_messages_are_citations() {
    let text =
        "The defense gave up 308 points [1]. The Wilymajinkas are a tribe [2][5]. Nothing [99].";
    let checked = checked(text, MESSAGES);
    let numbers: Vec<usize> = checked
        .citations
        .iter()
        .map(|citation| citation.n)
        .collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(checked.citations[0].offset, 0);
    assert_eq!(
        checked.citations[0].text,
        "The Panthers defense gave up just 308 points."
    );
    assert_eq!(
        checked.unsupported,
        ["The Wilymajinkas are a tribe [2][5].", "Nothing [99]."]
    );
    assert!(checked.supported);
}

#[test]
fn numbers_are_found_in_every_form() {
    assert_eq!(numbers("a [1] b [2, 3][4;5] [x] [ 6 ]"), [1, 2, 3, 4, 5, 6]);
    assert_eq!(without_numbers("a [1] b [x]"), "a  b [x]");
    assert_eq!(leading_numbers("[1][2]. Next"), "[1][2].".len());
    assert_eq!(leading_numbers("Next [1]"), 0);
    assert!(cites("yes [1]") && !cites("no [x]"));
    let claims = claims("One is so. [1] Two is so [2].\n- [3] Three\n\n[4]");
    let claims: Vec<(&str, &[usize])> = claims
        .iter()
        .map(|claim| (claim.text, &claim.numbers[..]))
        .collect();
    assert_eq!(
        claims,
        [
            ("One is so. [1]", &[1][..]),
            ("Two is so [2].", &[2][..]),
            ("- [3] Three", &[3][..]),
        ]
    );
}

#[test]
fn thousands_and_possessives_are_the_same_word() {
    let messages = &["The city's 1200 towers belong to Ada."];
    let checked = checked(
        "The towers of the city, 1,200 in all, are Ada's [1].",
        messages,
    );
    assert_eq!(checked.unsupported, Vec::<String>::new());
}
