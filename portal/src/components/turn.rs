use contract::{Timestamp, seer::Citation};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget};

use super::notice::Notice;
use crate::{
    conversation::Turn,
    erase::Erase,
    seer::{self, Asked, Piece},
};

/// A question with its answer: as it is being written, then with the messages that it cites. Whatever messages and models say is
/// shown as text.
pub(crate) fn turn(turn: Turn) -> AnyView {
    let Turn { number, asked } = turn;
    let title = format!("turn-{number}");
    let question = asked.read_untracked().question.clone();
    // The number of the citation that somebody points at; 0 for none.
    let lit = RwSignal::new(0);
    view! {
        <article class="turn" aria-labelledby=title.clone()
            on:mouseover=move |event| lit.set(citation_at(event.target())) on:focusin=move |event| lit.set(citation_at(event.target()))>
            <h3 id=title.clone()>{question}</h3>
            {move || body(&asked.read(), lit)}
        </article>
    }
    .erase()
}

fn body(asked: &Asked, lit: RwSignal<usize>) -> AnyView {
    let citations = asked
        .answer
        .as_ref()
        .map_or(&[][..], |answer| &answer.citations);
    let pieces = asked
        .pieces()
        .into_iter()
        .map(|piece| piece_view(piece, citations));
    let pieces = pieces.collect_view();
    let notes = notes(asked).into_iter();
    let notes = notes
        .map(|(class, note)| view! { <p class=class>{note}</p> })
        .collect_view();
    let cards = citations
        .iter()
        .map(|citation| card(citation, lit))
        .collect_view();
    let is_written = asked.answer.is_some() || asked.problem.is_some();
    view! {
        <p class="answer-text" aria-busy=(!is_written).then_some("true") data-answered=asked.answer.is_some().then_some("")>{pieces}</p>
        <div role="status">{notes}</div>
        {asked.problem.clone().map(|problem| view! { <Notice problem/> })}
        <ol class="citations">{cards}</ol>
    }
    .erase()
}

/// What is to be said about the answer, each with the class of its line.
fn notes(asked: &Asked) -> Vec<(&'static str, String)> {
    let Some(answer) = &asked.answer else {
        let waiting = asked.problem.is_none() && asked.so_far.is_empty();
        let waiting = waiting.then(|| ("mode", "Looking through the messages…".to_owned()));
        return waiting.into_iter().collect();
    };
    let mut notes = vec![("mode", seer::mode(answer).to_owned())];
    if !answer.known {
        let advice = "No message says it, as far as the seer has learned. Teach it, or ask with other words or wider filters.";
        notes.push(("remark", advice.to_owned()));
    }
    if !answer.unsupported.is_empty() {
        let warning =
            "What is marked as unsupported does not follow from the messages: do not rely on it.";
        notes.push(("remark", warning.to_owned()));
    }
    if let Some(reason) = &answer.degraded {
        notes.push(("remark", format!("This is less than it could be: {reason}")));
    }
    notes
}

fn piece_view(piece: Piece, citations: &[Citation]) -> AnyView {
    match piece {
        Piece::Text(text) => text.erase(),
        Piece::Unsupported(text) => {
            view! { <mark>{text}<strong>" (unsupported)"</strong></mark> }.erase()
        }
        Piece::Cite(n) => {
            let cited = citations.iter().find(|citation| citation.n == n);
            let link = cited.map(message_link);
            let quote = cited.map(|citation| citation.text.clone());
            view! { <a class="cite" href=link data-n=n.to_string()>"["{n}"]"<span class="quote">{quote}</span></a> }
                .erase()
        }
    }
}

fn card(citation: &Citation, lit: RwSignal<usize>) -> AnyView {
    let Citation {
        n,
        topic,
        partition,
        offset,
        ..
    } = citation;
    let n = *n;
    let place = format!("[{n}] {topic}/{partition} @ {offset}");
    let key = citation.key.as_ref().map(|key| format!("key {key}"));
    let at = citation
        .timestamp
        .map(|millis| Timestamp::from_millis(millis).to_string());
    let at = at.map(|at| at.get(..19).unwrap_or_default().replace('T', " ") + " UTC");
    let facts: Vec<String> = key.into_iter().chain(at).collect();
    view! {
        <li class="citation" data-card=n.to_string() data-lit=move || (lit.get() == n).then_some("")>
            <a href=message_link(citation)>{place}</a>
            <span class="hint">{facts.join(" · ")}</span>
            <blockquote>{citation.text.clone()}</blockquote>
        </li>
    }
    .erase()
}

/// With its place in the log: the message's page shows the record even when its life is kept no longer.
fn message_link(citation: &Citation) -> String {
    let Citation {
        id,
        topic,
        partition,
        offset,
        ..
    } = citation;
    let mut query = ParamsMap::new();
    query.insert("at", format!("{topic}:{partition}:{offset}"));
    format!("/message/{id}{}", query.to_query_string())
}

fn citation_at(target: Option<EventTarget>) -> usize {
    let element = target.and_then(|target| target.dyn_into::<Element>().ok());
    let citation = element.and_then(|element| element.closest("[data-n]").ok().flatten());
    let number = citation.and_then(|citation| citation.get_attribute("data-n"));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
