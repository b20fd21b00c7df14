//! The table of pages as leptos's router takes it. One type for all of them: as types of their own, as `<Route>` makes them, each would
//! add to the code that every page loads.

use leptos::prelude::*;
use leptos_router::{
    ChooseView, GeneratedRouteData, MatchInterface, MatchNestedRoutes, MatchParams, Method,
    PathSegment, RouteMatchId, hooks::use_url,
};

use crate::{
    browser,
    pages::{PAGES, Page, Params},
};

#[derive(Clone)]
pub(crate) struct Routes {
    ids: [RouteMatchId; PAGES.len()],
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self {
            ids: PAGES.each_ref().map(|_| RouteMatchId::new_from_route_id()),
        }
    }
}

impl MatchNestedRoutes for Routes {
    type Data = ();
    type Match = Matched;

    fn match_nested<'a>(&'a self, path: &'a str) -> (Option<(RouteMatchId, Matched)>, &'a str) {
        let mut pages = PAGES.iter().zip(self.ids);
        let found = pages.find_map(|(page, id)| {
            let params = page.params(path)?;
            let path = path.to_owned();
            Some((
                id,
                Matched {
                    id,
                    path,
                    params,
                    page,
                },
            ))
        });
        // A page's address is a whole one.
        let rest = if found.is_some() { "" } else { path };
        (found, rest)
    }

    fn generate_routes(&self) -> impl IntoIterator<Item = GeneratedRouteData> + '_ {
        PAGES.iter().map(|page| {
            let segments = page.path.trim_matches('/').split('/');
            let segments = segments.map(|segment| match segment.strip_prefix(':') {
                Some(name) => PathSegment::Param(name.into()),
                None => PathSegment::Static(segment.into()),
            });
            GeneratedRouteData {
                segments: segments.collect(),
                methods: [Method::Get].into(),
                ..GeneratedRouteData::default()
            }
        })
    }

    fn optional(&self) -> bool {
        false
    }
}

/// The page at an address.
pub(crate) struct Matched {
    id: RouteMatchId,
    path: String,
    params: Params,
    page: &'static Page,
}

impl MatchParams for Matched {
    fn to_params(&self) -> Params {
        self.params.clone()
    }
}

impl MatchInterface for Matched {
    // Pages hold no pages.
    type Child = Self;

    fn as_id(&self) -> RouteMatchId {
        self.id
    }

    fn as_matched(&self) -> &str {
        &self.path
    }

    fn into_view_and_child(self) -> (impl ChooseView, Option<Self>) {
        (Shown(self.page), None)
    }
}

#[derive(Clone, Copy)]
struct Shown(&'static Page);

impl ChooseView for Shown {
    async fn choose(self) -> AnyView {
        match (self.0.code.view)().await {
            Ok(view) => view,
            // The code is gone, as when another version of the portal runs now. Its server knows how to show the page; until that
            // is here, the one before stays.
            Err(_) => {
                browser::go(&address());
                std::future::pending().await
            }
        }
    }

    async fn preload(&self) {
        // Nothing that cannot wait for the view.
        let _ = (self.0.code.load)().await;
    }
}

/// Where the router is going to, without the part that would have the browser stay on this page.
fn address() -> String {
    let url = use_url();
    let url = url.read_untracked();
    match url.search() {
        "" => url.path().to_owned(),
        search => format!("{}?{search}", url.path()),
    }
}
