//! `/life`: which messages came how far, and how long each step takes.

use contract::status::{LifeStats, MessageLife, StepTimes};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    components::{
        choice::choice,
        filters::{field, filters},
        notice::Notice,
        stage_chart::stage_chart,
        table::table,
    },
    erase::Erase,
    life::{LifeForm, LifePage},
    shown::shown,
    words,
};

const STAGES: &[(&str, &str)] = &[
    ("", "any stage"),
    ("accepted", "accepted"),
    ("streamed", "streamed"),
    ("consumed", "consumed"),
    ("indexed", "indexed"),
    ("dead", "dead"),
];
const RUNGS: &[(&str, &str)] = &[("", "indexed"), ("consumed", "consumed")];

#[component]
pub(crate) fn Life() -> impl IntoView {
    let shown = shown::<LifePage>();
    let problem = Memo::new(move |_| shown.with(|shown| shown.problem.clone()));
    // What people type into stays as it is when the rest is renewed.
    let asked =
        Memo::new(move |_| shown.with(|shown| shown.data.as_ref().map(|page| page.form.clone())));
    // Who looks for certain messages wants to see those, others how the stream does.
    let is_search = Memo::new(move |_| asked.get().is_some_and(|form| form.is_search()));
    let numbers = move |after_search: bool| {
        move || {
            let stats = shown.with(|shown| shown.data.as_ref()?.stats.as_ref().map(numbers));
            stats.filter(|_| is_search.get() == after_search)
        }
    };
    let list = move || shown.with(|shown| shown.data.as_ref().map(list));
    view! {
        <Title text="Life cycle"/>
        <h1>"Life cycle"</h1>
        <p class="lead">"Every message climbs from accepted to indexed. Here is who came how far, and how long each step takes."</p>
        {move || life_form(asked.get().unwrap_or_default())}
        {move || problem.get().map(|problem| view! { <Notice problem/> })}
        {numbers(false)}
        <h2 id="messages">"Messages"</h2>
        {list}
        {numbers(true)}
    }
    .erase_whole()
}

fn life_form(form: LifeForm) -> AnyView {
    let narrowed = [
        &form.key,
        &form.since,
        &form.until,
        &form.stuck_after,
        &form.reached,
    ];
    let is_narrowed = narrowed.iter().any(|field| !field.is_empty());
    let is_stuck = form.is_stuck();
    let fields = view! {
        {field("key", "key", "text", "Key", " exactly", form.key)}
        {field("since", "since", "datetime-local", "Streamed since", " UTC; the last hour for the chart when empty", form.since)}
        {field("until", "until", "datetime-local", "Streamed before", " UTC", form.until)}
        {field("stuck-after", "stuck_after", "number", "Stuck after", " seconds; 60 when empty", form.stuck_after)}
        {choice("reached", "reached", "Stuck means not yet", RUNGS, form.reached)}
    };
    view! {
        <form class="produce" id="life-form" method="get" action="/life">
            <div class="field">
                <label for="text">"Contains"<span class="hint">" in key or error"</span></label>
                <input id="text" name="text" type="search" data-search="" value=form.text autocomplete="off"/>
            </div>
            {field("topic", "topic", "text", "Topic", " exactly; all when empty", form.topic)}
            {choice("stage", "stage", "Has come to", STAGES, form.stage)}
            <label class="switch">
                <input id="stuck" name="stuck" type="checkbox" value="yes" checked=is_stuck/>
                "Only what is stuck: streamed a while ago, and not done"
            </label>
            {filters(is_narrowed, fields.erase_whole())}
            <div class="actions"><button id="show" class="primary" type="submit">"Show"</button></div>
        </form>
    }
    .erase_whole()
}

fn list(page: &LifePage) -> AnyView {
    if page.list.lives.is_empty() {
        return view! {
            <p class="empty" id="total">{if page.form.is_stuck() {
                "Nothing is stuck."
            } else {
                "No message matches. Send one on the first page, or ask for less."
            }}</p>
        }
        .erase();
    }
    let rows = page.list.lives.iter().map(life).collect_view();
    let last = page.list.lives.last().map(|life| life.id.to_string());
    let has_more = page.list.total > page.list.lives.len() as u64;
    let older = last.filter(|_| has_more).map(|last| page.form.older(&last));
    view! {
        <p class="hint" id="total" role="status">{words::number(page.list.total as f64)}{if page.list.total == 1 { " message" } else { " messages, the last ones first" }}</p>
        {table("Messages", &["Message", "Stage", "Since", "Key", "Place", "In all", "Error"], rows.erase())}
        {older.map(|older| view! { <p><a id="older" href=older>"Older ones"</a></p> })}
    }
    .erase()
}

fn life(life: &MessageLife) -> AnyView {
    let id = life.id.to_string();
    // The end of an id tells messages apart that came in one moment.
    let short = id.get(id.len() - 12..).unwrap_or(&id).to_owned();
    let page = format!("/message/{id}");
    let place = format!("{}/{} @ {}", life.topic, life.partition, life.offset);
    let (first, last) = (life.stages.first(), life.stages.last());
    let since = last
        .map(|reached| reached.at.to_string())
        .unwrap_or_default();
    let shown_since = last.map(|reached| words::time_of_day(reached.at));
    let in_all = first
        .zip(last)
        .map(|(first, last)| words::duration(last.at.micros_since(first.at)));
    let error = life
        .stages
        .iter()
        .rev()
        .find_map(|reached| reached.error.clone());
    let title = id.clone();
    view! {
        <tr data-life=id data-stage=life.stage.name()>
            <th scope="row"><a href=page title=title><code>"…"{short}</code></a></th>
            <td class="stage">{life.stage.name()}</td>
            <td><time datetime=since.clone() title=since>{shown_since}</time></td>
            <td class="wrap">{life.key.clone()}</td>
            <td>{place}</td>
            <td>{in_all}</td>
            <td class="wrap">{error}</td>
        </tr>
    }
    .erase()
}

fn numbers(stats: &LifeStats) -> AnyView {
    let steps = stats.steps.iter().map(step).collect_view();
    view! {
        <div class="columns numbers">
            <section aria-labelledby="stages-title">
                <h2 id="stages-title">"Stages over time"</h2>
                {stage_chart(stats)}
            </section>
            <section aria-labelledby="steps-title">
                <h2 id="steps-title">"How long each step takes"</h2>
                {table("Steps", &["Step", "Messages", "Half within", "95 % within", "99 % within"], steps.erase())}
            </section>
        </div>
    }
    .erase()
}

fn step(step: &StepTimes) -> AnyView {
    let name = format!("{} → {}", step.from.name(), step.to.name());
    let times = [step.p50_us, step.p95_us, step.p99_us];
    let times = times.map(|micros| {
        let time = (step.messages > 0).then(|| words::duration(micros));
        view! { <td>{words::known(time)}</td> }
    });
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td>{words::number(step.messages as f64)}</td>
            {times}
        </tr>
    }
    .erase()
}
