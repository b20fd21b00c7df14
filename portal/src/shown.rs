//! What a page shows of what the services know: rendered by the server, and renewed as long as somebody looks at it.

use std::time::Duration;

use contract::Problem;
use leptos::{leptos_dom::helpers::set_interval_with_handle, prelude::*, task::spawn_local};
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use web_sys::VisibilityState;

use crate::{browser::api, handover::handed_over, pages::Page};

const RENEWAL: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Shown<T> {
    /// Path and query of the page; the same behind `/api` give it anew.
    pub(crate) address: String,
    pub(crate) data: Option<T>,
    /// Why there is nothing to show, or nothing newer.
    pub(crate) problem: Option<Problem>,
}

impl<T> Default for Shown<T> {
    fn default() -> Self {
        Self {
            address: String::new(),
            data: None,
            problem: None,
        }
    }
}

/// What somebody asked for by a form, and why it was not done. What was typed is kept.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Refused<Draft> {
    pub(crate) draft: Draft,
    pub(crate) problem: Option<Problem>,
}

/// What the current page shows. In a tab that is looked at it is asked for again every two seconds, and at once when the query changes.
pub(crate) fn shown<T>() -> RwSignal<Shown<T>>
where
    T: Clone + DeserializeOwned + PartialEq + Send + Serialize + Sync + 'static,
{
    follow(Some(RENEWAL))
}

/// The same for pages that have their own way to what is new: asked for again when the query changes, no sooner.
pub(crate) fn shown_once<T>() -> RwSignal<Shown<T>>
where
    T: Clone + DeserializeOwned + PartialEq + Send + Serialize + Sync + 'static,
{
    follow(None)
}

fn follow<T>(renewal: Option<Duration>) -> RwSignal<Shown<T>>
where
    T: Clone + DeserializeOwned + PartialEq + Send + Serialize + Sync + 'static,
{
    let shown = RwSignal::new(handed_over::<Shown<T>>());
    let location = use_location();
    let own = Page::at(&location.pathname.get_untracked()).map(|page| page.path);
    // `None` on the way to another page, whose data is none of ours.
    let address = Memo::new(move |_| {
        let path = location.pathname.get();
        let is_own = Page::at(&path).map(|page| page.path) == own;
        is_own.then(|| match location.search.get() {
            search if search.is_empty() => path,
            search => format!("{path}?{}", search.trim_start_matches('?')),
        })
    });
    let asking = StoredValue::new(false);
    let ask = move |asked: String| {
        asking.set_value(true);
        spawn_local(async move {
            let answer = api::view::<T>(&asked).await;
            // Meanwhile somebody may have gone elsewhere, and the signals with the page.
            asking.try_set_value(false);
            if address.try_get_untracked().flatten().as_ref() == Some(&asked) {
                learn(shown, asked, answer);
            }
        });
    };
    Effect::new(move |_| {
        if let Some(address) = address.get()
            && shown.with_untracked(|shown| shown.address != address)
        {
            ask(address);
        }
    });
    Effect::new(move |_| {
        let Some(renewal) = renewal else { return };
        let renew = move || {
            let is_seen = document().visibility_state() != VisibilityState::Hidden;
            if let Some(address) = address.get_untracked()
                && is_seen
                && !asking.get_value()
            {
                ask(address);
            }
        };
        // Without a timer the page stays as it is until it is loaded again.
        if let Ok(timer) = set_interval_with_handle(renew, renewal) {
            on_cleanup(move || timer.clear());
        }
    });
    shown
}

/// What was shown before stays, when it is of the same address: it is old, and the problem says so.
fn learn<T>(shown: RwSignal<Shown<T>>, address: String, answer: Result<T, Problem>)
where
    T: PartialEq + Send + Sync + 'static,
{
    shown.maybe_update(|shown| {
        let is_same = shown.address == address;
        shown.address = address;
        match answer {
            Ok(data) => {
                let is_news = shown.data.as_ref() != Some(&data) || shown.problem.is_some();
                shown.data = Some(data);
                shown.problem = None;
                is_news || !is_same
            }
            Err(problem) => {
                if !is_same {
                    shown.data = None;
                }
                shown.problem = Some(problem);
                true
            }
        }
    });
}
