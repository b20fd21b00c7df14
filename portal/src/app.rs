//! What surrounds all pages.

use leptos::{children::ToChildren, prelude::*};
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, RouteChildren, Router};

use crate::{
    components::{header::Header, keyboard::Keyboard},
    conversation::Conversation,
    flow::Flow,
    handover::handed_over,
    pages::{about::Platform, not_found::NotFound},
    routes::Routes,
    visitor::Visitor,
};

#[component]
pub(crate) fn App() -> impl IntoView {
    provide_meta_context();
    // Every page shows the stations, the addresses or who looks at it, so all come with the first one and stay.
    let flow = RwSignal::new(handed_over::<Flow>());
    provide_context(flow);
    provide_context(Memo::new(move |_| flow.with(Flow::seer)));
    provide_context(StoredValue::new(handed_over::<Platform>()));
    provide_context(StoredValue::new(handed_over::<Visitor>()));
    provide_context(Conversation::new());
    view! {
        <Title formatter=|title: String| format!("{title} · Kafkloud")/>
        <Router>
            <a class="skip" href="#main" rel="external">"Skip to content"</a>
            <Header/>
            <main id="main" tabindex="-1">
                <FlatRoutes fallback=NotFound children=RouteChildren::to_children(Routes::new)/>
            </main>
            <Keyboard/>
        </Router>
    }
}
