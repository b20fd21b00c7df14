//! `/message/{id}` and `/message/{topic}/{partition}/{offset}`: all that is known of one message.

mod cited;
mod life;
mod record;

use contract::{
    Problem,
    record::{RecordNeighbours, RecordPlace},
};
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use web_sys::VisibilityState;

use crate::{
    address,
    browser::{api, live, storage},
    components::{ladder::Ladder, notice::Notice, receipt_card::ask_about},
    entry::Entry,
    erase::Erase,
    flow::Seer,
    message::{MessageData, Record},
    shown::{Shown, shown_once},
    words,
};

#[component]
pub(crate) fn Message() -> impl IntoView {
    let shown = shown_once::<MessageData>();
    follow(shown);
    let data = Memo::new(move |_| shown.with(|shown| shown.data.clone()));
    let of_data = move |part: fn(&MessageData) -> Option<Problem>| {
        data.with(|data| data.as_ref().and_then(part))
    };
    let problem = Memo::new(move |_| {
        shown
            .with(|shown| shown.problem.clone())
            .or_else(|| of_data(|data| data.problem.clone()))
    });
    let gone = Memo::new(move |_| of_data(|data| data.gone.clone()));
    let entry = Memo::new(move |_| data.with(|data| data.as_ref()?.entry.clone()));
    let ways = Memo::new(move |_| data.with(|data| data.as_ref().and_then(Ways::of)));
    let record = Memo::new(move |_| data.with(|data| data.as_ref()?.record.clone()));
    let cited = Memo::new(move |_| data.with(|data| data.as_ref()?.cited.clone()));
    let is_found = move || data.with(Option::is_some);
    let params = use_params_map();
    let topic = move || params.with(|params| params.get("topic"));
    let asked = move || {
        let param = |name| params.with(|params| params.get(name).unwrap_or_default());
        match topic() {
            Some(topic) => format!("{topic}/{} @ {}", param("partition"), param("offset")),
            None => param("id"),
        }
    };
    view! {
        <Title text="Message"/>
        <h1>"Message "<code class="id">{asked}</code></h1>
        {move || problem.get().map(|problem| view! { <Notice problem/> })}
        {move || topic().filter(|_| !is_found()).map(|topic| topic_link(&topic))}
        {move || ways.get().map(ways_view)}
        {move || entry.get().map(|entry| now(entry, problem.get()))}
        {move || gone.get().map(|problem| view! { <Notice problem/> })}
        {move || record.get().map(record::record_view)}
        {move || entry.get().map(|entry| life::life_view(entry, record.with(Option::is_some)))}
        {move || cited.get().map(cited::cited_view)}
        <p><a href="/">"Send another message"</a></p>
    }
    .erase()
}

/// Follows the life until nothing more can happen to it. Who comes back to the tab sees what was written meanwhile.
fn follow(shown: RwSignal<Shown<MessageData>>) {
    let change = move |change: &dyn Fn(&mut Entry)| {
        shown.update(|shown| {
            let data = shown.data.as_mut();
            if let Some(entry) = data.and_then(|data| data.entry.as_mut()) {
                change(entry);
            }
        });
    };
    let followed = Memo::new(move |_| {
        shown.with(|shown| {
            let entry = shown.data.as_ref()?.entry.as_ref()?;
            (!entry.is_settled()).then_some(entry.id)
        })
    });
    live::follow(
        move || followed.get().into_iter().collect(),
        move |life| change(&|entry| entry.learn(life.clone())),
    );
    let address = Memo::new(move |_| shown.with(|shown| shown.address.clone()));
    Effect::new(move |_| {
        address.track();
        change(&more_precise);
    });
    Effect::new(move |_| {
        let listener = window_event_listener(ev::visibilitychange, move |_| {
            if document().visibility_state() == VisibilityState::Visible {
                renew(shown);
            }
        });
        on_cleanup(move || listener.remove());
    });
}

fn renew(shown: RwSignal<Shown<MessageData>>) {
    let address = shown.with_untracked(|shown| shown.address.clone());
    spawn_local(async move {
        // What is shown stays when nobody can tell anything newer.
        if let Ok(mut data) = api::view::<MessageData>(&address).await {
            data.entry.iter_mut().for_each(more_precise);
            // Meanwhile somebody may have gone elsewhere, and the signal with the page.
            shown.try_update(|shown| {
                if shown.address == address {
                    shown.data = Some(data);
                }
            });
        }
    });
}

/// A receipt of this browser knows the acknowledgement more precisely than the consumer.
fn more_precise(entry: &mut Entry) {
    let kept = storage::load().into_iter().find(|kept| kept.id == entry.id);
    if let Some(mut kept) = kept.filter(|_| entry.ack_us.is_none()) {
        entry
            .life
            .take()
            .into_iter()
            .for_each(|life| kept.learn(life));
        *entry = kept;
    }
}

/// Where it stands.
fn now(entry: Entry, problem: Option<Problem>) -> AnyView {
    let seer = expect_context::<Memo<Seer>>();
    let question = entry.is_answerable().then(|| ask_about(&entry));
    let answer = {
        let entry = entry.clone();
        move || words::answer(&entry, seer.get(), problem.as_ref())
    };
    view! {
        <p class="answer" role="status">{answer}" "{question}</p>
        <Ladder entry=Signal::stored(entry)/>
    }
    .erase()
}

/// Where one can go from a message.
#[derive(Clone, PartialEq)]
struct Ways {
    place: RecordPlace,
    has_key: bool,
    neighbours: Option<RecordNeighbours>,
    first: Option<RecordPlace>,
}

impl Ways {
    fn of(data: &MessageData) -> Option<Self> {
        let Record { place, has_key, .. } = data.record.as_ref()?;
        Some(Self {
            place: place.clone(),
            has_key: *has_key,
            neighbours: data.neighbours.clone(),
            first: data.first.clone(),
        })
    }
}

fn ways_view(ways: Ways) -> AnyView {
    let Ways {
        place,
        has_key,
        neighbours,
        first,
    } = ways;
    let partition = format!("in partition {}", place.partition);
    let beside = neighbours.map(|beside| {
        let in_partition = [
            way("previous", "← before", &partition, beside.previous.as_ref()),
            way("next", "after →", &partition, beside.next.as_ref()),
        ];
        let with_key = has_key.then(|| {
            let key = "with its key";
            let ways = [
                way("previous-with-key", "← before", key, beside.previous_with_key.as_ref()),
                way("next-with-key", "after →", key, beside.next_with_key.as_ref()),
            ];
            view! { <span class="pair">"With its key: "{ways.collect_view()}</span> }
        });
        view! {
            <span class="pair">{format!("In partition {}: ", place.partition)}{in_partition.collect_view()}</span>
            {with_key}
        }
    });
    let first = first.map(|first| {
        let title = format!("{}/{} @ {}", first.topic, first.partition, first.offset);
        view! {
            <p class="remark">"The log holds this message more than once, under one id. Its life is told of the record at "
                <a href=address::message(&first)>{title}</a>"."</p>
        }
    });
    view! {
        <nav class="ways" aria-label="From this message">
            {beside}
            <a href=address::place(&place)>{format!("{}/{} @ {}", place.topic, place.partition, place.offset)}</a>
            <a href=format!("/topics/{}", address::escape(&place.topic))>"Its topic"</a>
        </nav>
        {first}
    }
    .erase()
}

/// One way, or that there is none. `along` is for those who do not see what it stands beside.
fn way(id: &'static str, words: &'static str, along: &str, place: Option<&RecordPlace>) -> AnyView {
    let along = format!(" {along}");
    match place {
        Some(place) => {
            let href = address::message(place);
            view! { <a id=id href=href>{words}<span class="hidden">{along}</span></a> }.erase()
        }
        None => {
            view! { <span class="hint">{words}<span class="hidden">{along}</span>" (none)"</span> }
                .erase()
        }
    }
}

fn topic_link(topic: &str) -> AnyView {
    let href = format!("/topics/{}", address::escape(topic));
    view! { <p><a href=href>"The topic "{topic.to_owned()}</a></p> }.erase()
}
