//! Questions to the seer and its answers, as pages show them.

use contract::{
    Problem,
    seer::{Answer, AnswerMode, LoadedFile},
};
use serde::{Deserialize, Serialize};

use crate::lookup::Lookup;

/// What the server knows when it renders the page.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct SeerData {
    pub(crate) draft: Draft,
    /// The question that the address holds, with its answer.
    pub(crate) asked: Option<Asked>,
    /// What is in the form for statements.
    pub(crate) statement: String,
    /// What became of the statement that the address names.
    pub(crate) taught: Option<Lookup>,
    /// What became of the files that were sent.
    pub(crate) loaded: Vec<LoadedFile>,
    /// Why nothing was taught, loaded or rebuilt.
    pub(crate) problem: Option<Problem>,
}

/// What is in the form for questions.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Draft {
    pub(crate) question: String,
    pub(crate) topics: String,
    pub(crate) since: String,
    pub(crate) until: String,
    pub(crate) top_k: String,
    pub(crate) conversation: String,
}

/// A question and as much of its answer as is there.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Asked {
    pub(crate) question: String,
    /// The answer's text as it is being written.
    pub(crate) so_far: String,
    pub(crate) answer: Option<Answer>,
    pub(crate) problem: Option<Problem>,
}

/// A part of an answer's text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    /// `[n]`, where there is such a citation.
    Cite(usize),
    /// A sentence whose citation does not hold.
    Unsupported(String),
}

impl Asked {
    #[cfg_attr(
        not(feature = "ssr"),
        expect(dead_code, reason = "the browser reads answers piece by piece")
    )]
    pub(crate) fn of_answer(question: String, answer: Answer) -> Self {
        Self {
            question,
            answer: Some(answer),
            ..Self::default()
        }
    }

    #[cfg_attr(
        not(feature = "ssr"),
        expect(dead_code, reason = "the browser reads answers piece by piece")
    )]
    pub(crate) fn of_problem(question: String, problem: Problem) -> Self {
        Self {
            question,
            problem: Some(problem),
            ..Self::default()
        }
    }

    /// The answer's text in pieces: plain while it is being written, then with its citations.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        match &self.answer {
            Some(answer) => pieces(answer),
            None => vec![Piece::Text(self.so_far.clone())],
        }
    }
}

/// Who wrote an answer, in words.
pub(crate) fn mode(answer: &Answer) -> &'static str {
    match answer.mode {
        AnswerMode::Extractive => "Extractive: sentences of the messages themselves.",
        AnswerMode::Model => "Written by a language model from the messages.",
        AnswerMode::Operation => "From the status of messages.",
    }
}

fn pieces(answer: &Answer) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = answer.answer.as_str();
    loop {
        let found = answer.unsupported.iter().filter_map(|sentence| {
            let start = rest.find(sentence.as_str())?;
            (!sentence.is_empty()).then_some((start, sentence))
        });
        // Of those that begin at the same place the longest holds the others.
        let next = found.min_by_key(|(start, sentence)| (*start, usize::MAX - sentence.len()));
        let Some((start, sentence)) = next else { break };
        split_citations(answer, &rest[..start], &mut pieces);
        pieces.push(Piece::Unsupported(sentence.clone()));
        rest = &rest[start + sentence.len()..];
    }
    split_citations(answer, rest, &mut pieces);
    pieces
}

/// Finds `[1]` and `[1, 2]`. Brackets around anything else are text.
fn split_citations(answer: &Answer, text: &str, pieces: &mut Vec<Piece>) {
    let mut rest = text;
    let mut plain = String::new();
    while let Some(open) = rest.find('[') {
        let inside = &rest[open + 1..];
        let numbers = inside.find(']').and_then(|close| {
            let numbers = inside[..close]
                .split(',')
                .map(|number| number.trim().parse().ok());
            Some((close, numbers.collect::<Option<Vec<usize>>>()?))
        });
        let is_cited = |n: &usize| answer.citations.iter().any(|citation| citation.n == *n);
        match numbers {
            Some((close, numbers)) if numbers.iter().all(is_cited) => {
                plain.push_str(&rest[..open]);
                push_text(&mut plain, pieces);
                pieces.extend(numbers.into_iter().map(Piece::Cite));
                rest = &inside[close + 1..];
            }
            _ => {
                plain.push_str(&rest[..=open]);
                rest = inside;
            }
        }
    }
    plain.push_str(rest);
    push_text(&mut plain, pieces);
}

fn push_text(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain)));
    }
}

#[cfg(test)]
mod tests {
    use contract::{MessageId, seer::Citation};

    use super::*;

    fn pieces_of(text: &str, cited: &[usize], unsupported: &[&str]) -> Vec<Piece> {
        let citation = |&n: &usize| Citation {
            n,
            id: MessageId::of_record("stream", 0, n as i64),
            topic: "stream".to_owned(),
            partition: 0,
            offset: n as i64,
            key: None,
            timestamp: None,
            text: "a sentence".to_owned(),
            score: 1.0,
        };
        pieces(&Answer {
            answer: text.to_owned(),
            mode: AnswerMode::Model,
            known: true,
            citations: cited.iter().map(citation).collect(),
            unsupported: unsupported
                .iter()
                .map(|&sentence| sentence.to_owned())
                .collect(),
            degraded: None,
            conversation: None,
        })
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn citations_are_found_where_they_are_numbers_of_messages() {
        assert_eq!(
            pieces_of("Beans [1] were paid [1, 2].", &[1, 2], &[]),
            [
                text("Beans "),
                Piece::Cite(1),
                text(" were paid "),
                Piece::Cite(1),
                Piece::Cite(2),
                text(".")
            ]
        );
        for odd in [
            "[",
            "a [b] c",
            "[]",
            "[1",
            "[3] [1, 3]",
            "[-1]",
            "<img src=x>[x]",
            "[[",
            "ü[ß]",
        ] {
            assert_eq!(pieces_of(odd, &[1, 2], &[]), [text(odd)]);
        }
        assert_eq!(pieces_of("[[1]", &[1], &[]), [text("["), Piece::Cite(1)]);
        assert_eq!(pieces_of("", &[], &[]), []);
    }

    #[test]
    fn sentences_without_support_are_set_apart() {
        let made_up = "It rains [7].";
        assert_eq!(
            pieces_of(
                "True [1]. It rains [7]. True.",
                &[1],
                &[made_up, "It rains"]
            ),
            [
                text("True "),
                Piece::Cite(1),
                text(". "),
                Piece::Unsupported(made_up.to_owned()),
                text(" True.")
            ]
        );
        // One that cannot be found, because the text was changed, spoils nothing; nor does an empty one.
        assert_eq!(pieces_of("True.", &[], &["Other.", ""]), [text("True.")]);
    }
}
