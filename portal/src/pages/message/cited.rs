//! Where a message was cited by an answer.

use leptos::prelude::*;

use crate::{
    address,
    erase::Erase,
    flow::Seer,
    message::{Cited, CitingAnswer},
    words,
};

pub(super) fn cited_view(cited: Cited) -> AnyView {
    let Cited {
        answers,
        newest,
        problem,
    } = cited;
    let is_told = problem.is_none();
    let is_empty = answers.is_empty();
    let answers = answers.iter().map(answer).collect_view();
    let newest = newest.map(|newest| {
        let newest = words::number(newest as f64);
        view! { <p class="hint">"Only the newest "{newest}" answers were looked at."</p> }
    });
    let problem = problem.map(|problem| {
        view! { <p class="remark">{problem.title}": "{problem.detail}" Then load this page again."</p> }
    });
    view! {
        <h2>"Cited by answers"</h2>
        {problem}
        {(is_told && is_empty).then(none)}
        <ol class="citations" id="cited">{answers}</ol>
        {newest}
    }
    .erase()
}

fn none() -> AnyView {
    let seer = expect_context::<Memo<Seer>>();
    let advice = move || match seer.get().excuse() {
        Some(excuse) => {
            format!("The {excuse}: when it answers, ask about this message, and reload the page.")
        }
        None => "Ask the seer about it: an answer that cites it is listed here.".to_owned(),
    };
    view! { <p class="empty">"No answer has cited it. "{advice}</p> }.erase()
}

fn answer(answer: &CitingAnswer) -> AnyView {
    let question = match answer.question.as_str() {
        "" => "A question that was not kept".to_owned(),
        question => question.to_owned(),
    };
    let at = answer.at.map(|at| {
        let at = at.to_string();
        let shown = at.get(..19).unwrap_or_default().replace('T', " ") + " UTC";
        view! { <time datetime=at class="hint">{shown}</time> }
    });
    view! {
        <li class="citation"><a href=address::message(&answer.place)>{question}</a>{at}</li>
    }
    .erase()
}
