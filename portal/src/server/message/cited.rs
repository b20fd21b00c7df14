//! Which answers cite a message. Answers lie on `seer-answer` with their citations, so the log itself tells, as far back as one page of
//! the consumer's looks: nothing is kept for it, and a page costs the same however many answers there are.

use std::time::Duration;

use contract::{
    MessageId, Timestamp,
    record::{RecordPage, RecordView},
    seer::AnswerRecord,
    topic,
};
use service::ApiResult;

use super::super::{Portal, upstream::Peer};
use crate::message::{Cited, CitingAnswer};

/// Answers that a page lists.
const ANSWERS_MAX: usize = 20;
/// Looking through the newest answers takes a fraction of a second; a page does not wait for a machine on which it takes longer.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Letters of a question; the answer's own page has all of it.
const QUESTION_LETTERS_MAX: usize = 300;

pub(super) async fn cited(portal: &Portal, id: MessageId) -> Cited {
    match answers_with(portal, id).await {
        Ok(page) => told(page, id),
        // No question was ever asked.
        Err(error) if error.problem.status == 404 => Cited::default(),
        Err(error) => Cited {
            problem: Some(error.problem),
            ..Cited::default()
        },
    }
}

/// The newest answers that hold this id, in whatever place.
async fn answers_with(portal: &Portal, id: MessageId) -> ApiResult<RecordPage> {
    let query = [
        ("topics", topic::SEER_ANSWER.to_owned()),
        ("text", id.to_string()),
        ("limit", ANSWERS_MAX.to_string()),
    ];
    let url = portal.upstream.url(Peer::Consumer, &["messages"]);
    let request = portal.upstream.get(url).query(&query);
    let response = portal
        .upstream
        .send(Peer::Consumer, request, TIMEOUT)
        .await?;
    portal.upstream.parse(Peer::Consumer, response).await
}

fn told(page: RecordPage, id: MessageId) -> Cited {
    let answers = page.records.iter();
    Cited {
        answers: answers.filter_map(|record| citing(record, id)).collect(),
        newest: page.next.map(|_| page.scanned),
        problem: None,
    }
}

/// The answer that a record holds, if it cites the message: one about "message 0199…" holds the id too.
fn citing(record: &RecordView, id: MessageId) -> Option<CitingAnswer> {
    let AnswerRecord { question, answer } = serde_json::from_str(record.value.as_deref()?).ok()?;
    let cites = answer.citations.iter().any(|citation| citation.id == id);
    cites.then(|| CitingAnswer {
        question: question.chars().take(QUESTION_LETTERS_MAX).collect(),
        at: record.timestamp.map(Timestamp::from_millis),
        place: record.place(),
    })
}

#[cfg(test)]
mod tests {
    use contract::record::Encoding;

    use super::*;

    fn record(offset: i64, value: &str) -> RecordView {
        RecordView {
            id: MessageId::of_record(topic::SEER_ANSWER, 0, offset),
            topic: topic::SEER_ANSWER.to_owned(),
            partition: 0,
            offset,
            timestamp: Some(1_769_851_800_000),
            key: None,
            key_encoding: Encoding::Text,
            value: Some(value.to_owned()),
            value_encoding: Encoding::Text,
            headers: Vec::new(),
        }
    }

    fn answer(question: &str, cited: MessageId) -> String {
        format!(
            r#"{{"question":"{question}","answer":"So it is [1].","mode":"extractive","known":true,
            "citations":[{{"n":1,"id":"{cited}","topic":"orders","partition":0,"offset":7,"text":"So it is.","score":1.0}}]}}"#
        )
    }

    #[test]
    fn answers_count_that_cite_the_message_and_no_others() {
        let [id, other] = [7, 8].map(|offset| MessageId::of_record("orders", 0, offset));
        let page = RecordPage {
            records: vec![
                record(3, &answer("Is it so?", id)),
                record(2, &answer(&format!("What happened to {id}?"), other)),
                record(1, &format!("no answer, but {id}")),
            ],
            next: Some("further".to_owned()),
            scanned: 20_000,
            ..RecordPage::default()
        };
        let cited = told(page, id);
        let questions: Vec<_> = cited
            .answers
            .iter()
            .map(|answer| (answer.question.as_str(), answer.place.offset))
            .collect();
        assert_eq!(questions, [("Is it so?", 3)]);
        assert_eq!(cited.newest, Some(20_000));
    }

    #[test]
    fn answers_of_before_questions_were_kept_count_too() {
        let id = MessageId::of_record("orders", 0, 7);
        let old = answer("", id).replace(r#""question":"","#, "");
        let page = RecordPage {
            records: vec![record(1, &old)],
            ..RecordPage::default()
        };
        let cited = told(page, id);
        assert_eq!(cited.answers[0].question, "");
        assert_eq!(cited.newest, None);
    }
}
