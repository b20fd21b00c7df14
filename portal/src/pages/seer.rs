//! `/seer`: ask what came by, teach, and see what the seer knows.

use leptos::{ev::SubmitEvent, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_query_map};
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlFormElement, HtmlInputElement, UrlSearchParams};

use crate::{
    browser::live,
    components::{
        filters::{field, filters},
        index_state::IndexState,
        notice::Notice,
        teach::Teach,
        turn::turn,
    },
    conversation::Conversation,
    entry::Entry,
    erase::Erase,
    handover::handed_over,
    receipts::Receipts,
    seer::{Draft, SeerData},
};

#[component]
pub(crate) fn SeerPage() -> impl IntoView {
    let data = handed_over::<SeerData>();
    let conversation = expect_context::<Conversation>();
    let (search, query) = (use_location().search, use_query_map());
    let id = data.draft.conversation.clone();
    conversation.take_over(data.asked, id, search.get_untracked());
    // Reached by a link inside the page, the server has not been asked yet.
    Effect::new(move |_| {
        let search = search.get();
        if let Some(question) = query.with_untracked(|query| query.get("q")) {
            conversation.ask_address(question, search);
        }
    });
    let (receipts, not_found) = Receipts::asked(data.taught);
    let followed = RwSignal::new(Vec::new());
    Effect::new(move |_| followed.set(receipts.unfinished()));
    live::follow(move || followed.get(), move |life| receipts.learn(life));
    let taught = Callback::new(move |entry: Entry| {
        receipts.add(entry);
        followed.set(receipts.unfinished());
    });
    view! {
        <Title text="Seer"/>
        <h1>"Seer"</h1>
        <p class="lead">"Ask about what the messages say, or what became of them. Every answer cites its messages, so that you can check it."</p>
        <div class="columns">
            <section aria-labelledby="ask-title">
                <div class="section-head">
                    <h2 id="ask-title">"Ask"</h2>
                    {move || (!conversation.is_empty()).then(|| view! {
                        <a href="/seer" id="begin-anew" on:click=move |_| conversation.begin_anew()>"New conversation"</a>
                    })}
                </div>
                {ask_form(data.draft, conversation)}
                <div class="turns">
                    {move || conversation.turns().into_iter().map(turn).collect_view()}
                </div>
                {move || conversation.is_empty().then(|| view! {
                    <p class="empty">"Nothing asked yet. Try “Do you know anything about …?” or “What failed in the last hour?”"</p>
                })}
            </section>
            <div class="sections">
                {not_found.map(|problem| view! { <Notice problem/> })}
                <Teach statement=data.statement loaded=data.loaded problem=data.problem receipts taught/>
                <IndexState/>
            </div>
        </div>
    }
    .erase_whole()
}

/// Without JavaScript a plain form that leads to the page with the answer. With it the same query is asked in place.
fn ask_form(draft: Draft, conversation: Conversation) -> AnyView {
    let ask = move |event: SubmitEvent| {
        event.prevent_default();
        let form = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let fields = form.and_then(|form| FormData::new_with_form(&form).ok());
        let Some(fields) = fields else { return };
        if let Ok(query) = UrlSearchParams::new_with_str_sequence_sequence(&fields) {
            let question = fields.get("q").as_string().unwrap_or_default();
            conversation.ask(question, &String::from(query.to_string()));
        }
        // Kept, in case it has to be asked again; the next question overwrites it.
        let field = document().get_element_by_id("question");
        if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) {
            field.select();
        }
    };
    let narrowed = [&draft.topics, &draft.since, &draft.until, &draft.top_k];
    let narrowed = narrowed.iter().any(|filter| !filter.is_empty());
    let fields = view! {
        {field("topics", "topics", "text", "Topics", " separated by commas; all when empty", draft.topics)}
        {field("since", "since", "datetime-local", "Since", " UTC", draft.since)}
        {field("until", "until", "datetime-local", "Until", " UTC", draft.until)}
        {field("top-k", "top_k", "number", "Messages to cite", " at most; 5 when empty", draft.top_k)}
    };
    view! {
        <form class="produce" id="ask" method="get" action="/seer" on:submit=ask>
            <div class="field wide">
                <label for="question">"Question"</label>
                <input id="question" name="q" data-search="" value=draft.question autocomplete="off" required/>
            </div>
            {filters(narrowed, fields.erase_whole())}
            <input type="hidden" name="conversation" value=draft.conversation prop:value=move || conversation.id()/>
            <div class="actions"><button id="ask-it" class="primary" type="submit">"Ask"</button></div>
        </form>
    }
    .erase_whole()
}
