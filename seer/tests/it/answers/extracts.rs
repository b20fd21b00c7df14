use super::*;

const FACT: &str = "The Wilymajinkas are a tribe of northeastern Native Pandorians.";
const QUESTION: &str = "Do you know anything about the Wilymajinkas?";

#[tokio::test]
async fn what_was_taught_is_quoted_and_cited_and_nothing_else_is_known() {
    let others: Vec<String> = (0..300)
        .map(|n| format!("Order {n} of customer {} was shipped to Berlin.", n * 7))
        .collect();
    let mut texts: Vec<&str> = others.iter().map(String::as_str).collect();
    for before in [&[][..], &texts[..]] {
        let answerer = Answerer::new(
            &config(None),
            reqwest::Client::default(),
            Messages::new(before),
        )
        .unwrap();
        let answer = ask(&answerer, QUESTION).await;
        assert!(!answer.known, "{answer:?}");
        assert!(answer.answer.starts_with("I don't know"), "{answer:?}");
        assert!(answer.answer.contains("teach"), "{answer:?}");
        assert_eq!(answer.citations, []);
    }
    texts.push(FACT);
    let answerer = Answerer::new(
        &config(None),
        reqwest::Client::default(),
        Messages::new(&texts),
    )
    .unwrap();
    let answer = ask(&answerer, QUESTION).await;
    assert!(answer.known);
    assert_eq!(answer.mode, AnswerMode::Extractive);
    assert_eq!(answer.answer, format!("{FACT} [1]"));
    assert_eq!(answer.degraded, None);
    let [citation] = &answer.citations[..] else {
        panic!("{answer:?}");
    };
    assert_eq!((citation.n, citation.offset), (1, 300));
    assert_eq!(citation.text, FACT);
    assert_eq!(citation.timestamp, Some(1_769_851_800_000));
}

#[tokio::test]
async fn events_of_json_answer_as_a_whole() {
    let texts = [
        "order: 41\nstatus: paid\ncustomer.name: Grace Hopper",
        "order: 42\nstatus: shipped\ncustomer.name: Ada Lovelace",
    ];
    let answerer = Answerer::new(
        &config(None),
        reqwest::Client::default(),
        Messages::new(&texts),
    )
    .unwrap();
    let answer = ask(&answerer, "What is the status of Ada Lovelace's order?").await;
    assert!(answer.known);
    assert!(
        answer
            .answer
            .starts_with("order: 42; status: shipped; customer.name: Ada Lovelace [1]"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_stream_tells_what_was_found_then_the_text_then_the_citations() {
    let answerer = Answerer::new(
        &config(None),
        reqwest::Client::default(),
        Messages::new(&[FACT]),
    )
    .unwrap();
    let events = events(&answerer, QUESTION).await;
    let answer = done(&events).clone();
    let [
        AskEvent::Retrieved(hits),
        AskEvent::Token(text),
        AskEvent::Citations(citations),
        AskEvent::Done(_),
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(hits.len(), 1);
    assert_eq!(*text, answer.answer);
    assert_eq!(*citations, answer.citations);
}

#[tokio::test]
async fn a_follow_up_is_looked_for_with_the_words_before_it() {
    let messages = Messages::new(&[FACT, "The Wilymajinkas live beside the frozen river."]);
    let answerer = Answerer::new(
        &config(None),
        reqwest::Client::default(),
        Arc::clone(&messages) as _,
    )
    .unwrap();
    let first = ask(&answerer, QUESTION).await;
    let follow_up = AskRequest {
        conversation: first.conversation.clone(),
        ..request("and where do they live?")
    };
    let second = answerer.answer(follow_up.clone()).await.unwrap();
    assert_eq!(
        messages.last_query(),
        "and where do they live? Wilymajinkas"
    );
    assert!(second.answer.contains("frozen river"), "{second:?}");
    assert_eq!(second.conversation, first.conversation);
    let alone = AskRequest {
        conversation: Some("another".to_owned()),
        ..follow_up
    };
    answerer.answer(alone).await.unwrap();
    assert_eq!(messages.last_query(), "and where do they live?");
}

#[tokio::test]
async fn more_questions_than_there_is_room_for_are_told_to_come_again() {
    let answerer = Answerer::new(
        &config(None),
        reqwest::Client::default(),
        Messages::new(&[FACT]),
    )
    .unwrap();
    let streams: Vec<_> = (0..1000)
        .map_while(|_| answerer.stream(request(QUESTION)).ok())
        .collect();
    assert!(streams.len() < 1000);
    let problem = answerer.answer(request(QUESTION)).await.unwrap_err();
    assert_eq!(problem.problem.status, 503);
    assert!(problem.retry_after.is_some());
    drop(streams);
    let answered = async {
        while answerer.answer(request(QUESTION)).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    let answered = tokio::time::timeout(Duration::from_secs(30), answered).await;
    answered.expect("there is room again");
}

#[tokio::test]
async fn what_cannot_be_asked_is_said_before_anything_is_done() {
    let answerer = Answerer::new(
        &config(None),
        reqwest::Client::default(),
        Messages::new(&[]),
    )
    .unwrap();
    for (question, status) in [("", 422), (&"a".repeat(9000), 413)] {
        let problem = answerer.answer(request(question)).await.unwrap_err();
        assert_eq!(problem.problem.status, status);
        assert!(answerer.stream(request(question)).is_err());
    }
}
