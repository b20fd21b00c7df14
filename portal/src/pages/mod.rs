//! One file per page, and the table of them: header, keyboard and router derive from it.

#![cfg_attr(
    target_family = "wasm",
    allow(
        unsafe_code,
        reason = "code that is loaded later is linked by extern functions, which `wasm_split` writes"
    )
)]

use std::{borrow::Cow, pin::Pin};

use leptos::prelude::AnyView;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::erase::Erase;

pub(crate) mod about;
pub(crate) mod group;
pub(crate) mod groups;
pub(crate) mod life;
pub(crate) mod message;
pub(crate) mod not_found;
pub(crate) mod round_trip;
pub(crate) mod seer;
pub(crate) mod stream;
pub(crate) mod topic;
pub(crate) mod topics;

pub(crate) static PAGES: [Page; 11] = [
    Page {
        path: "/",
        link: Some(("Round trip", 'h')),
        code: code!(round_trip, round_trip::RoundTrip),
    },
    Page {
        path: "/stream",
        link: Some(("Stream", 's')),
        code: code!(stream, stream::StreamPage),
    },
    Page {
        path: "/message/:id",
        link: None,
        code: code!(message, message::Message),
    },
    Page {
        path: "/message/:topic/:partition/:offset",
        link: None,
        code: code!(watch, message::Message),
    },
    Page {
        path: "/topics",
        link: Some(("Topics", 't')),
        code: code!(topics, topics::Topics),
    },
    Page {
        path: "/topics/:name",
        link: None,
        code: code!(topic, topic::Topic),
    },
    Page {
        path: "/groups",
        link: Some(("Groups", 'c')),
        code: code!(groups, groups::Groups),
    },
    Page {
        path: "/groups/:group",
        link: None,
        code: code!(group, group::Group),
    },
    Page {
        path: "/life",
        link: Some(("Life cycle", 'l')),
        code: code!(life, life::Life),
    },
    Page {
        path: "/seer",
        link: Some(("Seer", 'q')),
        code: code!(seer, seer::SeerPage),
    },
    Page {
        path: "/about",
        link: Some(("About", 'a')),
        code: code!(about, about::About),
    },
];

pub(crate) struct Page {
    /// As the router takes it: `/message/:id`.
    pub(crate) path: &'static str,
    /// Its name in the header, and the key that leads to it after `g`; none for pages about one thing.
    pub(crate) link: Option<(&'static str, char)>,
    pub(crate) code: Code,
}

/// What shows a page. Browsers load it when somebody goes there, so that a page more makes the others no heavier.
pub(crate) struct Code {
    /// Its name in `site.json`.
    #[cfg_attr(
        not(feature = "ssr"),
        expect(dead_code, reason = "the server says what to preload")
    )]
    pub(crate) name: &'static str,
    pub(crate) load: fn() -> Loading<()>,
    /// Loads it first, if it is not there.
    pub(crate) view: fn() -> Loading<AnyView>,
}

/// Names and values that an address holds.
pub(crate) type Params = Vec<(Cow<'static, str>, String)>;

pub(crate) type Loading<T> = Pin<Box<dyn Future<Output = Result<T, SplitLoaderError>>>>;

impl Page {
    /// The page at an address.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        PAGES.iter().find(|page| page.params(path).is_some())
    }

    /// What an address says besides being this page's, if it is.
    pub(crate) fn params(&self, path: &str) -> Option<Params> {
        let mut given = path.trim_matches('/').split('/');
        let mut params = Params::new();
        for wanted in self.path.trim_matches('/').split('/') {
            let given = given.next()?;
            match wanted.strip_prefix(':') {
                Some(name) if !given.is_empty() => params.push((name.into(), given.to_owned())),
                None if given == wanted => {}
                _ => return None,
            }
        }
        given.next().is_none().then_some(params)
    }
}

/// The code of the component, under a name of its own.
macro_rules! code {
    ($name:ident, $component:path) => {{
        #[wasm_split($name, fallible, preload(load))]
        fn view() -> Result<AnyView, SplitLoaderError> {
            Ok($component().erase())
        }
        Code {
            name: stringify!($name),
            load: || Box::pin(load()),
            view: || Box::pin(view()),
        }
    }};
}
use code;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Option<(&'static str, Params)> {
        let page = Page::at(path)?;
        Some((page.path, page.params(path)?))
    }

    #[test]
    fn addresses_lead_to_pages() {
        assert_eq!(at("/"), Some(("/", Vec::new())));
        assert_eq!(at("/seer"), Some(("/seer", Vec::new())));
        assert_eq!(at("/seer/"), Some(("/seer", Vec::new())));
        let id = vec![("id".into(), "42".to_owned())];
        assert_eq!(at("/message/42"), Some(("/message/:id", id)));
        let place = [("topic", "a"), ("partition", "0"), ("offset", "7")];
        let place = place.map(|(name, value)| (name.into(), value.to_owned()));
        let path = "/message/:topic/:partition/:offset";
        assert_eq!(at("/message/a/0/7"), Some((path, place.into())));
        for nowhere in [
            "/message",
            "/message/",
            "/message/4/2",
            "/seers",
            "/x",
            "/seer/x",
        ] {
            assert_eq!(at(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn every_key_leads_to_one_page() {
        let keys: Vec<char> = PAGES.iter().filter_map(|page| Some(page.link?.1)).collect();
        let mut different = keys.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), keys.len(), "{keys:?}");
    }
}
