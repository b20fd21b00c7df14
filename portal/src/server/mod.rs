//! The server side: renders the pages, and is the only one the browser talks to.

mod assets;
mod bursts;
mod config;
mod consume;
mod document;
mod entrance;
mod events;
mod flow;
mod form;
mod groups;
mod life;
mod lines;
mod lookup;
mod message;
mod outbox;
mod pages;
mod place;
mod recent;
mod render;
mod seer;
mod shown;
mod sse;
mod status;
mod stream;
mod topics;
mod typed;
mod upstream;

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize},
    },
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, FromRequestParts},
    http::request::Parts,
    middleware,
    routing::any_service,
};
use leptos::config::LeptosOptions;
use leptos_axum::LeptosRoutes;
use service::{Caller, CancellationToken, Guard, Limits, health::Health};
use tokio::{net::TcpListener, sync::watch};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use config::PortalConfig;

use crate::{app, flow::Flow, pages::about::Platform, visitor::Visitor};
use entrance::Entrance;

const UNKNOWN_NAME_REMEDY: &str = "Open it as http://127.0.0.1 with its port, or add the name to PORTAL_ALLOWED_HOSTS and start the portal again.";

/// The portal as a request finds it.
#[derive(Clone)]
pub(crate) struct Portal {
    /// The way to the other services, in the name of whoever asks.
    upstream: upstream::Upstream,
    caller: Option<Caller>,
    shared: Arc<Shared>,
}

/// What the handlers share.
pub(crate) struct Shared {
    /// The stations' state, renewed once a second by [`flow::watch`].
    flow: watch::Receiver<Flow>,
    recent: recent::RecentEntries,
    bursts: bursts::Bursts,
    site: Option<assets::Site>,
    platform: Platform,
    /// Messages that went into the log through this portal.
    sent: AtomicU64,
    /// Tabs that are being told what happens.
    tabs: AtomicUsize,
    stop: CancellationToken,
}

impl std::ops::Deref for Portal {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl FromRequestParts<Self> for Portal {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, portal: &Self) -> Result<Self, Infallible> {
        Ok(portal.clone().for_caller(parts.extensions.get()))
    }
}

impl Portal {
    fn for_caller(mut self, caller: Option<&Caller>) -> Self {
        if let Some(caller) = caller {
            self.upstream = self.upstream.in_the_name_of(caller);
            self.caller = Some(caller.clone());
        }
        self
    }

    /// The address of the style sheet, when it was made.
    fn style(&self) -> Option<String> {
        self.site.as_ref().map(assets::Site::style)
    }

    /// Who looks at the pages, as the pages show it.
    fn visitor(&self) -> Visitor {
        self.caller
            .as_ref()
            .map_or_else(Visitor::default, |caller| Visitor {
                name: Some(caller.name.to_string()),
                may_operate: caller.role >= contract::Role::Operator,
            })
    }
}

/// leptos_axum asks for it; the portal's own [`app::Site`] says where the files are.
impl FromRef<Portal> for LeptosOptions {
    fn from_ref(_: &Portal) -> Self {
        Self::builder().output_name("portal").build()
    }
}

/// Serves the portal on `listener` until `stop`.
pub async fn serve(
    listener: TcpListener,
    config: PortalConfig,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let (access, tls) = (config.entrance()?, config.tls.load()?);
    let health = Health::default();
    let site_dir = assets::find(config.site_dir.as_deref());
    let (flow_sender, flow) = watch::channel(Flow::default());
    let shared = Arc::new(Shared {
        flow,
        recent: recent::RecentEntries::default(),
        bursts: bursts::Bursts::default(),
        site: site_dir.as_deref().and_then(assets::read_manifest),
        platform: config.platform(address),
        sent: AtomicU64::new(0),
        tabs: AtomicUsize::new(0),
        stop: stop.clone(),
    });
    let portal = Portal {
        upstream: upstream::Upstream::new(&config, &access)?,
        caller: None,
        shared,
    };
    if portal.site.is_none() {
        tracing::warn!(
            "the page's scripts and styles are not built, so pages are plain: run `make wasm`, then start again"
        );
    }
    let guard = Guard::new(address, &config.names(), UNKNOWN_NAME_REMEDY);
    let entrance = Entrance::open(&config, access, address, portal.style())?;
    entrance.print_link()?;
    let watching = flow::watch(portal.clone(), flow_sender, health.clone());
    let router = router(portal, health, site_dir.as_deref(), &entrance);
    let router = guard.protect(entrance.protect(router));
    let router = router.layer(middleware::from_fn(render::harden));
    let serving = service::serve_http(listener, router, tls, stop);
    let (served, ()) = tokio::join!(serving, watching);
    served
}

fn router(
    portal: Portal,
    health: Health,
    site_dir: Option<&std::path::Path>,
    entrance: &Entrance,
) -> Router {
    let pages = Router::new()
        .leptos_routes_with_handler(leptos_axum::generate_route_list(app::App), pages::page)
        .route("/", axum::routing::post(form::send))
        .route("/bursts", axum::routing::post(bursts::submit))
        .route(
            "/stream",
            // It holds a piece at a time, whatever the size of a file.
            axum::routing::post(lines::submit).layer(DefaultBodyLimit::disable()),
        )
        .route("/topics", axum::routing::post(topics::create))
        .route("/topics/{name}", axum::routing::post(topics::delete))
        .route("/groups/{group}", axum::routing::post(groups::reset))
        .route("/seer", axum::routing::post(seer::submit))
        .merge(assets::routes(site_dir))
        .merge(entrance.pages());
    let api = OpenApiRouter::from(pages)
        .routes(routes!(outbox::post))
        .routes(routes!(bursts::post))
        .routes(routes!(bursts::get, bursts::delete))
        .routes(routes!(consume::get))
        .routes(routes!(status::summary))
        .routes(routes!(status::life))
        .routes(routes!(message::by_id))
        .routes(routes!(message::by_place))
        .routes(routes!(events::get))
        .routes(routes!(stream::get))
        .routes(routes!(stream::export))
        .routes(routes!(stream::tail))
        .routes(routes!(lines::post))
        .routes(routes!(life::get))
        .routes(routes!(topics::list))
        .routes(routes!(topics::one))
        .routes(routes!(groups::list))
        .routes(routes!(groups::one))
        .routes(routes!(seer::ask::get))
        .routes(routes!(seer::teach::post))
        .routes(routes!(seer::load::post))
        .routes(routes!(seer::index::get))
        .routes(routes!(seer::index::rebuild))
        .with_state(portal.clone())
        .merge(entrance.api());
    let limits = Limits {
        // A payload of the producer's limit, with room for escapes in JSON and in forms.
        body_bytes: 4 * Limits::default().body_bytes,
        // Everything that is asked of the services has a limit of its own. This is for the slowest: a large file.
        response: seer::load::LOAD_TIMEOUT,
    };
    let access = entrance.access();
    let asks = access.asks();
    let fallback = axum::handler::HandlerWithoutStateExt::into_service(move |request| {
        pages::not_found(portal.clone(), asks, request)
    });
    service::router_with_fallback("portal", api, health, limits, access, any_service(fallback))
}

impl PortalConfig {
    /// What the About page tells.
    fn platform(&self, address: SocketAddr) -> Platform {
        Platform {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            portal: format!("{}://{address}/", self.tls.scheme()),
            producer: self.producer_url.to_string(),
            consumer: self.consumer_url.to_string(),
            seer: self.seer_url.to_string(),
            streamer: self.kafka_broker.clone(),
            embedded: self.embedded.clone(),
        }
    }
}
